import { requireSession } from './account.js';
import { ask, newKey } from './api.js';
import { avatar, byId, element, explain, nameOf, onSubmit, timeOf, toast } from './dom.js';
import { follow } from './live.js';
import * as operations from './operations.js';
import { readSession } from './session.js';

const groupChoice = byId('group');
const channelChoice = byId('channel');
const list = byId('messages');
const box = byId('messages-box');
const empty = byId('talk-empty');
const say = byId('say');
const join = byId('join');
const live = byId('live');
const unread = byId('unread');

const states = { connecting: 'Connecting', live: 'Live', polling: 'Every few seconds', ended: '' };
/** Messages within this time of one another, by one person, share a heading. */
const togetherMs = 5 * 60_000;

let mine = new Set();
let stop = () => {};
let missed = 0;

export function startTalk() {
  groupChoice.addEventListener('change', () => report(openGroup()));
  channelChoice.addEventListener('change', () => openChannel(channelChoice.value));
  join.addEventListener('click', () => report(joinGroup()));
  startGroupForm();
  startSaying();
}

/** Groups of whoever is signed in, then public ones. Opens `groupId`, or the one that was open, or the first. */
export async function loadGroups(groupId = groupChoice.value) {
  const [publicOnes, own] = await Promise.all([
    ask(operations.publicGroups),
    readSession() === undefined ? undefined : ask(operations.myGroups),
  ]);
  const joined = own?.viewer?.groupMembers.nodes.map(({ group }) => group).filter(Boolean) ?? [];
  mine = new Set(joined.map(({ id }) => id));
  const others = publicOnes.discoverGroups.filter(({ id }) => !mine.has(id));
  const choices = (label, groups) =>
    groups.length === 0
      ? []
      : [
          element(
            'optgroup',
            { label },
            ...groups.map(({ id, name }) => element('option', { value: id }, name)),
          ),
        ];
  groupChoice.replaceChildren(...choices('Your groups', joined), ...choices('Public groups', others));
  if ([...groupChoice.options].some(({ value }) => value === groupId)) groupChoice.value = groupId;
  await openGroup();
}

async function openGroup() {
  const groupId = groupChoice.value;
  byId('pickers').hidden = groupId === '';
  if (groupId === '') {
    close('Nobody talks here yet. Start the first group.');
    return;
  }
  const { channels } = await ask(operations.channels, { groupId });
  if (groupChoice.value !== groupId) return;
  const readable = channels.nodes
    .filter(({ type }) => type === 'text' || type === 'announcement')
    .sort((one, other) => one.position - other.position || one.id.localeCompare(other.id));
  channelChoice.replaceChildren(
    ...readable.map(({ id, name }) => element('option', { value: id }, `# ${name}`)),
  );
  say.hidden = !mine.has(groupId);
  join.hidden = mine.has(groupId);
  if (readable[0]) openChannel(readable[0].id);
  else close('There is no channel here that you may read.');
}

function close(reason) {
  stop();
  list.replaceChildren();
  box.hidden = true;
  say.hidden = true;
  join.hidden = true;
  live.textContent = '';
  empty.textContent = reason;
  empty.hidden = false;
}

function openChannel(channelId) {
  stop();
  list.replaceChildren();
  box.hidden = false;
  empty.hidden = true;
  const isOpenSince = Date.now();
  stop = follow(channelId, {
    onMessages(messages) {
      const added = showMessages(messages);
      if (Date.now() - isOpenSince > 2_000) countMissed(added);
    },
    onRemoved(ids) {
      for (const id of ids) find(id)?.remove();
      arrange();
    },
    onState(state, error) {
      live.dataset.state = state;
      live.textContent = states[state];
      if (error) close(explain(error));
    },
  });
}

/** Puts messages in their places; the number of new ones. Identifiers are in the order of time. */
function showMessages(messages) {
  const wasAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  let added = 0;
  for (const message of messages) {
    const known = find(message.id);
    const shown = showMessage(message);
    if (known) known.replaceWith(shown);
    else {
      added += 1;
      let before = list.lastElementChild;
      while (before && before.dataset.message > message.id) before = before.previousElementSibling;
      if (before) before.after(shown);
      else list.prepend(shown);
    }
  }
  if (messages.length > 0) arrange();
  if (added > 0 && wasAtEnd) box.scrollTop = box.scrollHeight;
  return added;
}

function find(id) {
  return [...list.children].findLast((shown) => shown.dataset.message === id);
}

/** Hides the heading of a message that follows another of the same person. */
function arrange() {
  let before;
  for (const shown of list.children) {
    const { sender, at } = shown.dataset;
    const isTogether =
      before !== undefined &&
      sender !== '' &&
      sender === before.sender &&
      Number(at) - Number(before.at) < togetherMs;
    shown.classList.toggle('follows', isTogether);
    before = shown.dataset;
  }
}

function showMessage({ id, type, content, sender, insertedAt, editedAt }) {
  const data = { 'data-message': id, 'data-at': String(Date.parse(insertedAt)) };
  if (type === 'member_join') {
    return element('li', { class: 'event', 'data-sender': '', ...data }, 'Somebody joined the group.');
  }
  return element(
    'li',
    { class: 'message', 'data-sender': sender?.id ?? '', ...data },
    avatar(sender),
    element(
      'div',
      {},
      element('p', { class: 'message-head' }, element('strong', {}, nameOf(sender)), timeOf(insertedAt)),
      element('p', {}, content, editedAt && element('span', { class: 'edited' }, ' (edited)')),
    ),
  );
}

/** On a phone the messages are behind the other section: its button says how many came. */
function countMissed(added) {
  if (document.body.dataset.section === 'talk') return;
  missed += added;
  unread.textContent = String(missed);
  unread.hidden = missed === 0;
}

export function talkIsShown() {
  missed = 0;
  unread.hidden = true;
  box.scrollTop = box.scrollHeight;
}

async function joinGroup() {
  if (!requireSession()) return;
  await ask(operations.joinGroup, { groupId: groupChoice.value });
  await loadGroups();
  byId('message').focus();
}

function startGroupForm() {
  const form = byId('group-form');
  byId('new-group').addEventListener('click', () => {
    if (!requireSession()) return;
    form.hidden = !form.hidden;
    if (!form.hidden) byId('group-name').focus();
  });
  onSubmit(form, async (values) => {
    const { createGroup } = await ask(operations.createGroup, { name: values.get('name') });
    form.reset();
    form.hidden = true;
    await loadGroups(createGroup.group.id);
    byId('message').focus();
  });
}

function startSaying() {
  let key = newKey();
  onSubmit(say, async (values) => {
    const { sendChannelMessage } = await ask(operations.sendChannelMessage, {
      channelId: channelChoice.value,
      content: values.get('content'),
      key,
    });
    key = newKey();
    say.reset();
    showMessages([sendChannelMessage.channelMessage]);
    box.scrollTop = box.scrollHeight;
    byId('message').focus();
  });
}

function report(work) {
  work.catch((error) => toast(explain(error)));
}
