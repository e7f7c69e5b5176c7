import type { Mail } from './mailer.ts';

export const mailKinds = [
  'verify_email',
  'already_registered',
  'reset_password',
  'change_email',
  'email_change_requested',
  'password_changed',
] as const;
export type MailKind = (typeof mailKinds)[number];

export interface MailOccasion {
  readonly kind: MailKind;
  readonly address: string;
  /** Null where the recipient has none, or must not be told which account it is. */
  readonly username: string | null;
  /** Where the site is. */
  readonly url: string;
  /** Only for the kinds that carry one. */
  readonly token?: { readonly text: string; readonly expiresAt: Date } | undefined;
}

interface Message {
  readonly subject: string;
  readonly body: string;
  /** The page of the site that takes the token. */
  readonly page?: string;
}

const messages: Readonly<Record<MailKind, Message>> = {
  verify_email: {
    subject: 'Confirm your e-mail address',
    body: 'Confirm that this address is yours:',
    page: 'verify-email',
  },
  already_registered: {
    subject: 'You have an account already',
    body: 'Somebody, perhaps you, used this address for a new account or for another one. It belongs to an account already, so nothing was changed. If you forgot the password, ask for a link to set a new one.',
  },
  reset_password: {
    subject: 'Set a new password',
    body: 'Somebody, hopefully you, asked for a new password. Set it here; if you did not ask, do nothing:',
    page: 'reset-password',
  },
  change_email: {
    subject: 'Confirm your new e-mail address',
    body: 'Confirm that this address is to be the one of your account:',
    page: 'confirm-email',
  },
  email_change_requested: {
    subject: 'Your e-mail address is about to change',
    body: 'Another address was entered for your account. It takes the place of this one when it is confirmed. If that was not you, change your password now and sign out everywhere.',
  },
  password_changed: {
    subject: 'Your password was changed',
    body: 'The password of your account was changed, and other devices were signed out. If that was not you, ask for a link to set a new one at once.',
  },
};

/** The mail for an occasion, in English. */
export function composeMail({ kind, address, username, url, token }: MailOccasion): Mail {
  const { subject, body, page } = messages[kind];
  const paragraphs = [username === null ? 'Hello,' : `Hello ${username},`, body];
  if (token && page !== undefined) {
    // Behind the # it stays in the browser: no server writes it into a log of requests.
    paragraphs.push(`${url}/${page}#token=${token.text}`);
    paragraphs.push(
      `It works once, until ${token.expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
    );
  }
  paragraphs.push(new URL(url).host);
  return { to: address, subject, text: `${paragraphs.join('\n\n')}\n` };
}
