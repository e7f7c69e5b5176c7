import { ask } from './api.js';
import { avatar, byId, element, explain, nameOf, onSubmit, toast } from './dom.js';
import * as operations from './operations.js';
import { readSession, replaceSession, startSession } from './session.js';

const dialog = byId('dialog');

/** Whoever is signed in, or undefined. */
export async function loadViewer() {
  if (readSession() === undefined) return undefined;
  const { viewer } = await ask(operations.viewer);
  return viewer ?? undefined;
}

export function showAccount(viewer) {
  const account = byId('account');
  if (viewer) {
    account.replaceChildren(
      element('span', { class: 'who' }, avatar(viewer), element('span', { id: 'viewer' }, nameOf(viewer))),
      button('Sign out', { class: 'button quiet small', onclick: leave }),
    );
  } else {
    account.replaceChildren(
      button('Sign in', { class: 'button quiet small', onclick: openSignIn }),
      button('Sign up', { class: 'button small', onclick: openSignUp }),
    );
  }
}

/** True when somebody is signed in; else asks for it. */
export function requireSession() {
  if (readSession() !== undefined) return true;
  openSignUp();
  return false;
}

async function leave() {
  try {
    await ask(operations.signOut);
  } catch (error) {
    // Here it ends anyway; only the server may not know.
    toast(explain(error));
  }
  replaceSession(undefined);
}

export function openSignUp() {
  const form = stack(
    field('Username', {
      name: 'username',
      autocomplete: 'username',
      required: true,
      minlength: '3',
      maxlength: '30',
    }),
    field('E-mail', { name: 'email', type: 'email', autocomplete: 'email', required: true }),
    field(
      'Password',
      {
        name: 'password',
        type: 'password',
        autocomplete: 'new-password',
        required: true,
        minlength: '8',
        maxlength: '128',
      },
      'At least 8 characters.',
    ),
    problem(),
    button('Sign up', { type: 'submit', class: 'button' }),
    element('p', { class: 'or' }, 'or'),
    button('Look around as a guest', { class: 'button quiet', onclick: () => asGuest(form) }),
    element(
      'p',
      { class: 'aside' },
      'You have an account? ',
      button('Sign in', { class: 'link', onclick: openSignIn }),
    ),
  );
  onSubmit(form, async (values) => {
    const { username, email, password } = Object.fromEntries(values);
    await ask(operations.register, { username, email, password });
    await signIn(username, password);
    toast('Welcome. We have sent you a link to confirm your address.');
  });
  open('Sign up', form);
}

export function openSignIn() {
  const form = stack(
    field('Username or e-mail', { name: 'name', autocomplete: 'username', required: true }),
    field('Password', {
      name: 'password',
      type: 'password',
      autocomplete: 'current-password',
      required: true,
    }),
    problem(),
    button('Sign in', { type: 'submit', class: 'button' }),
    element(
      'p',
      { class: 'aside' },
      button('Forgot the password?', { class: 'link', onclick: openForgotten }),
      ' New here? ',
      button('Sign up', { class: 'link', onclick: openSignUp }),
    ),
  );
  onSubmit(form, (values) => signIn(values.get('name'), values.get('password')));
  open('Sign in', form);
}

async function signIn(name, password) {
  const { signIn: signedIn } = await ask(operations.signIn, { name, password });
  if (signedIn.secondFactor) openSecondFactor(signedIn.secondFactor.token);
  else finish(signedIn.tokens);
}

function openSecondFactor(token) {
  const form = stack(
    field('Code of your authenticator', {
      name: 'totpCode',
      inputmode: 'numeric',
      autocomplete: 'one-time-code',
      required: true,
    }),
    problem(),
    button('Continue', { type: 'submit', class: 'button' }),
  );
  onSubmit(form, async (values) => {
    const { completeSignIn } = await ask(operations.completeSignIn, {
      token,
      totpCode: values.get('totpCode'),
    });
    finish(completeSignIn.tokens);
  });
  open('One more step', form);
}

async function asGuest(form) {
  try {
    const { registerAnonymous } = await ask(operations.registerAnonymous, { displayName: 'Guest' });
    finish(registerAnonymous.tokens);
  } catch (error) {
    const shown = form.querySelector('.problem');
    shown.textContent = explain(error);
    shown.hidden = false;
  }
}

function finish(tokens) {
  dialog.close();
  startSession(tokens);
}

function openForgotten() {
  const form = stack(
    field('E-mail', { name: 'email', type: 'email', autocomplete: 'email', required: true }),
    problem(),
    button('Send me a link', { type: 'submit', class: 'button' }),
  );
  onSubmit(form, async (values) => {
    await ask(operations.requestPasswordReset, { email: values.get('email') });
    dialog.close();
    toast('If that address has an account, a link is on its way.');
  });
  open('A new password', form);
}

/** The links of e-mails: the token stands behind the #, where no server sees it. */
export async function followMailedLink() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  const { pathname } = location;
  if (pathname === '/') return;
  history.replaceState(null, '', '/');
  if (token === null) return;
  if (pathname === '/reset-password') {
    openNewPassword(token);
    return;
  }
  const operation = pathname === '/verify-email' ? operations.verifyEmail : operations.confirmEmailChange;
  try {
    await ask(operation, { token });
    toast('Thank you, your address is confirmed.');
  } catch (error) {
    toast(explain(error));
  }
}

function openNewPassword(token) {
  const form = stack(
    field(
      'New password',
      {
        name: 'newPassword',
        type: 'password',
        autocomplete: 'new-password',
        required: true,
        minlength: '8',
        maxlength: '128',
      },
      'At least 8 characters. All devices are signed out.',
    ),
    problem(),
    button('Set it', { type: 'submit', class: 'button' }),
  );
  onSubmit(form, async (values) => {
    await ask(operations.resetPassword, { token, newPassword: values.get('newPassword') });
    replaceSession(undefined);
    openSignIn();
    toast('Done. Sign in with the new password.');
  });
  open('Set a new password', form);
}

function open(title, form) {
  byId('dialog-title').textContent = title;
  byId('dialog-body').replaceChildren(form);
  if (!dialog.open) dialog.showModal();
  form.querySelector('input')?.focus();
}

function stack(...children) {
  return element('form', { class: 'stack' }, ...children);
}

function problem() {
  return element('p', { class: 'problem', role: 'alert', hidden: true });
}

function button(text, attributes) {
  return element('button', { type: 'button', ...attributes }, text);
}

function field(label, attributes, hint) {
  const id = `field-${attributes.name}`;
  return element(
    'div',
    {},
    element('label', { for: id }, label),
    element('input', { id, ...attributes, 'aria-describedby': hint && `${id}-hint` }),
    hint && element('p', { class: 'hint', id: `${id}-hint` }, hint),
  );
}
