import { post, SessionLostError } from './backend.js';

/** The form that hands a message to the server. */
export class CometdDemoPortlet {
  #form;
  #result;

  constructor(root, { onSessionLost }) {
    this.#form = root.querySelector('#message-form');
    this.#result = root.querySelector('#send-result');
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      // Enter in the field submits with the first button: to oneself.
      void this.#send(event.submitter?.value ?? 'notification', onSessionLost);
    });
    this.#busy(false);
  }

  async #send(target, onSessionLost) {
    const field = this.#form.elements.message;
    if (!field.value.trim()) {
      this.#say('Please type a message first.', true);
      field.setAttribute('aria-invalid', 'true');
      field.focus();
      return;
    }
    this.#busy(true);
    try {
      const { sessions } = await post(`/portlet/${target}`, { message: field.value });
      this.#say(target === 'broadcast' ? toEverybody(sessions) : toOneself(sessions));
      field.value = '';
    } catch (error) {
      if (error instanceof SessionLostError) onSessionLost(error);
      this.#say(error.message, true);
    } finally {
      this.#busy(false);
      field.focus();
    }
  }

  #say(text, isError = false) {
    this.#result.textContent = text;
    this.#result.classList.toggle('result-error', isError);
    this.#form.elements.message.removeAttribute('aria-invalid');
  }

  #busy(busy) {
    for (const button of this.#form.querySelectorAll('button')) button.disabled = busy;
  }
}

const count = (sessions) => (sessions === 1 ? '1 session' : `${sessions} sessions`);

const toOneself = (sessions) =>
  sessions === 0
    ? 'Sent, but none of your pages is connected. Press init first.'
    : `Sent to you, in ${count(sessions)}.`;

const toEverybody = (sessions) =>
  sessions === 0
    ? 'Sent, but nobody is connected. Press init first.'
    : `Sent to everybody, in ${count(sessions)}.`;
