import { HttpException, HttpStatus } from '@nestjs/common';
import type { Notice } from './notice.view.js';

const SIGN_IN_AGAIN = { href: '/auth/login', label: 'Sign in again' };

/** An error that a person gets to see: as a page in a browser, as `{ statusCode, message }` elsewhere. */
export class NoticeException extends HttpException {
  constructor(
    readonly notice: Notice,
    status: HttpStatus,
    readonly headers: Readonly<Record<string, string>> = {},
    /** By which scripts tell errors of one status apart. */
    reason?: string,
  ) {
    super({ statusCode: status, message: notice.text, ...(reason && { reason }) }, status);
  }

  /** The sign-in did not go through; whatever was wrong with it stays in the log. */
  static loginRefused(
    text = 'The sign-in could not be completed. It may have taken too long, or was started in another browser.',
  ) {
    return new NoticeException(
      { title: 'Sign-in refused', text, action: SIGN_IN_AGAIN },
      HttpStatus.UNAUTHORIZED,
      challenge,
    );
  }

  /** The provider answered the sign-in with an error of its own. */
  static providerError(code: string, description?: string) {
    const denied = code === 'access_denied';
    return new NoticeException(
      {
        title: denied ? 'Sign-in cancelled' : 'Sign-in refused',
        text: denied ? 'You were not signed in.' : 'The login service refused the sign-in.',
        detail: description ? `${code}: ${description}` : code,
        action: SIGN_IN_AGAIN,
      },
      denied ? HttpStatus.FORBIDDEN : HttpStatus.UNAUTHORIZED,
      denied ? {} : challenge,
    );
  }

  static providerDown() {
    return new NoticeException(
      {
        title: 'Login service unavailable',
        text: 'The login service does not answer at the moment. Please try again in a little while.',
        action: { href: '/', label: 'Try again' },
      },
      HttpStatus.SERVICE_UNAVAILABLE,
      { 'Retry-After': '10' },
    );
  }

  static sessionLost() {
    return new NoticeException(
      {
        title: 'Please sign in again',
        text: 'Your portal session has ended, for example because the portal was restarted or you signed out in another tab.',
        action: { href: '/auth/login', label: 'Sign in' },
      },
      HttpStatus.UNAUTHORIZED,
      challenge,
    );
  }

  /** An administrator has put an end to what the user had open. */
  static accessEnded() {
    return new NoticeException(
      {
        title: 'Access ended',
        text: 'Your access was ended by an administrator.',
        action: SIGN_IN_AGAIN,
      },
      HttpStatus.UNAUTHORIZED,
      challenge,
      'access-ended',
    );
  }

  static administratorsOnly() {
    return new NoticeException(
      {
        title: 'Not for everybody',
        text: 'This page is for administrators of the portal.',
        action: { href: '/', label: 'To the portal' },
      },
      HttpStatus.FORBIDDEN,
    );
  }

  static foreignRequest() {
    return new NoticeException(
      {
        title: 'Request refused',
        text: 'This request did not come from a page of the portal. Please go back to the portal and try again.',
        action: { href: '/', label: 'To the portal' },
      },
      HttpStatus.FORBIDDEN,
    );
  }
}

// RFC 9110 §11.6.1 asks every 401 for a challenge; no browser acts on this one.
const challenge = { 'WWW-Authenticate': 'Session realm="portal"' };
