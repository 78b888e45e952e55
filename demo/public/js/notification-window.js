/** The topic that the window listens to. */
const TOPIC = '/eXo/portal/notification';
const SHOWN_FOR = 3_000;

/** Shows notifications at the top right for three seconds each; several at once stack. */
export class NotificationWindow {
  #root;

  constructor(root, topics) {
    this.#root = root;
    topics.subscribe(TOPIC, (data) => this.#show(String(data?.message ?? '')));
  }

  #show(text) {
    const note = document.createElement('p');
    note.className = 'notification';
    // Never markup: the text is somebody else's.
    note.textContent = text;
    this.#root.append(note);
    setTimeout(() => note.remove(), SHOWN_FOR);
  }
}
