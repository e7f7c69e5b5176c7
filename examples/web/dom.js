/** Elements are made by name and text only. No text becomes markup, here or anywhere on this page. */

export function byId(id) {
  return document.getElementById(id);
}

/** Attributes by name; `on…` are listeners; undefined and false are left out. Children are elements or texts. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  set(made, attributes);
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

function set(target, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) target.addEventListener(name.slice(2), value);
    else target.setAttribute(name, value === true ? '' : value);
  }
}

const svgSpace = 'http://www.w3.org/2000/svg';

export function arrow(direction) {
  const svg = document.createElementNS(svgSpace, 'svg');
  set(svg, { viewBox: '0 0 24 24', 'aria-hidden': 'true' });
  const path = document.createElementNS(svgSpace, 'path');
  set(path, { d: direction > 0 ? 'M12 5 5 13h4v6h6v-6h4z' : 'M12 19l7-8h-4V5H9v6H5z' });
  svg.append(path);
  return svg;
}

export function nameOf(person) {
  return person?.displayName || person?.username || 'Somebody';
}

export function avatar(person) {
  const name = nameOf(person);
  const initials = [...name].slice(0, 2).join('').toUpperCase();
  const made = element('span', { class: 'avatar', 'aria-hidden': 'true' }, initials);
  const hue = [...(person?.id ?? name)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  made.style.setProperty('--hue', String(hue));
  return made;
}

const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dayAndClock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** `3 hours ago`, with the exact time on hover. */
export function ago(text) {
  const at = new Date(text);
  const seconds = (at.getTime() - Date.now()) / 1000;
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? [];
  const shown = unit === undefined ? 'just now' : relative.format(Math.round(seconds / size), unit);
  return element('time', { datetime: text, title: dayAndClock.format(at) }, shown);
}

/** The time of today, the date of other days. */
export function timeOf(text) {
  const at = new Date(text);
  const isToday = at.toDateString() === new Date().toDateString();
  const shown = isToday ? clock.format(at) : dayAndClock.format(at);
  return element('time', { datetime: text, title: dayAndClock.format(at) }, shown);
}

/** What went wrong, as a person reads it. */
export function explain(error) {
  const sentences = [error.message, error.cure].filter(Boolean);
  if (error.retryAfter) sentences.push(`Try again in ${error.retryAfter} seconds.`);
  return sentences.join(' ');
}

/** Runs the submission of a form: once at a time, with what went wrong shown in the form. */
export function onSubmit(form, work) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const problem = form.querySelector('.problem');
    const buttons = form.querySelectorAll('button[type="submit"]');
    problem.hidden = true;
    for (const button of buttons) button.disabled = true;
    try {
      await work(new FormData(form));
    } catch (error) {
      problem.textContent = explain(error);
      problem.hidden = false;
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  });
}

let fading;
export function toast(text) {
  const box = byId('toast');
  box.textContent = text;
  clearTimeout(fading);
  fading = setTimeout(() => box.replaceChildren(), 6_000);
}
