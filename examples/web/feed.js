import { requireSession } from './account.js';
import { ask, newKey } from './api.js';
import { ago, arrow, byId, element, explain, nameOf, onSubmit, toast } from './dom.js';
import * as operations from './operations.js';

const list = byId('feed');
const empty = byId('feed-empty');
const more = byId('more');
const forumChoice = byId('forum');
const form = byId('compose');

let orderBy = 'HOT';
let cursor;
/** Answers of a question that nobody asks any more are not shown. */
let asked = 0;

export function startFeed() {
  forumChoice.addEventListener('change', () => showFeed());
  for (const choice of document.querySelectorAll('[data-order]')) {
    choice.addEventListener('click', () => {
      orderBy = choice.dataset.order;
      for (const other of document.querySelectorAll('[data-order]'))
        other.setAttribute('aria-pressed', String(other === choice));
      showFeed();
    });
  }
  more.addEventListener('click', () => addPage(cursor));
  startCompose();
}

/** Forums to read and to post in. */
export async function loadForums() {
  const { forums } = await ask(operations.forums);
  const choices = () => forums.nodes.map(({ id, name }) => element('option', { value: id }, name));
  const chosen = forumChoice.value;
  forumChoice.replaceChildren(element('option', { value: '' }, 'All forums'), ...choices());
  forumChoice.value = chosen;
  byId('post-forum').replaceChildren(...choices());
  form.hidden = forums.nodes.length === 0;
}

/** The first page, in the order and of the forum that are chosen. */
export async function showFeed() {
  list.setAttribute('aria-busy', 'true');
  if (list.childElementCount === 0) {
    list.replaceChildren(
      ...[1, 2, 3].map(() => element('li', { class: 'card skeleton', 'aria-hidden': 'true' })),
    );
  }
  await addPage(undefined);
}

async function addPage(after) {
  asked += 1;
  const mine = asked;
  more.disabled = true;
  try {
    const forumId = forumChoice.value;
    const data =
      forumId === ''
        ? await ask(operations.posts, { orderBy, after })
        : (await ask(operations.forumPosts, { forumId, orderBy, after })).forum;
    if (mine !== asked) return;
    const { nodes, pageInfo } = data.posts;
    if (after === undefined) list.replaceChildren();
    list.append(...nodes.map((post) => showPost(post, mine)));
    cursor = pageInfo.endCursor;
    more.hidden = !pageInfo.hasNextPage;
    empty.hidden = list.childElementCount > 0;
    empty.textContent =
      byId('post-forum').childElementCount === 0
        ? 'There is no forum yet. Whoever runs this server makes the first ones: npx stoa seed base'
        : 'Nothing here yet. Write the first post.';
  } catch (error) {
    if (mine !== asked) return;
    list.replaceChildren();
    more.hidden = true;
    empty.hidden = false;
    empty.textContent = explain(error);
  } finally {
    if (mine === asked) {
      more.disabled = false;
      list.setAttribute('aria-busy', 'false');
    }
  }
}

function showPost(post, page) {
  const answers = post.commentCount === 1 ? '1 comment' : `${post.commentCount} comments`;
  return element(
    'li',
    {},
    element(
      'article',
      { class: 'card post', 'data-post': post.id },
      votesOf(post, page),
      element(
        'div',
        {},
        element('h3', {}, ...titleOf(post)),
        element(
          'p',
          { class: 'meta' },
          post.forum && element('span', { class: 'forum' }, post.forum.name),
          element('span', {}, nameOf(post.author)),
          element('span', {}, ago(post.insertedAt)),
          element('span', {}, answers),
        ),
        ...textOf(post.content),
      ),
    ),
  );
}

/** A link post leads where it says; any other scheme than http(s) stays text. */
function titleOf({ title, linkUrl }) {
  const url = linkUrl && URL.canParse(linkUrl) ? new URL(linkUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return [title];
  return [
    element('a', { href: url.href, rel: 'noopener noreferrer nofollow', target: '_blank' }, title),
    ' ',
    element('span', { class: 'site' }, url.hostname),
  ];
}

/** Three lines, and a button for the rest where there is more. */
function textOf(content) {
  if (!content) return [];
  const text = element('p', { class: 'text short' }, content);
  const toggle = element(
    'button',
    { type: 'button', class: 'link', 'aria-expanded': 'false', hidden: true },
    'Read on',
  );
  toggle.addEventListener('click', () => {
    const isShort = text.classList.toggle('short');
    toggle.setAttribute('aria-expanded', String(!isShort));
    toggle.textContent = isShort ? 'Read on' : 'Less';
  });
  toggles.set(text, toggle);
  widths.observe(text);
  return [text, toggle];
}

const toggles = new WeakMap();
/** How many lines a text has depends on the width of the window. */
const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const toggle = toggles.get(target);
    if (toggle && target.classList.contains('short'))
      toggle.hidden = target.scrollHeight <= target.clientHeight + 1;
  }
});

/** By post: how its votes are shown now, and the last vote with the page that was being asked for when it was cast. */
const shown = new Map();
const cast = new Map();

function votesOf(post, page) {
  const score = element('output', { 'aria-label': 'Score' }, String(post.score));
  const choices = [1, -1].map((direction) =>
    element(
      'button',
      {
        type: 'button',
        class: `vote ${direction > 0 ? 'up' : 'down'}`,
        'aria-label': `Vote ${direction > 0 ? 'up' : 'down'}: ${post.title}`,
        onclick: () => vote(direction),
      },
      arrow(direction),
    ),
  );
  let mine = 0;
  const show = (next) => {
    mine = next.mine ?? 0;
    score.textContent = String(next.score);
    choices[0].setAttribute('aria-pressed', String(mine === 1));
    choices[1].setAttribute('aria-pressed', String(mine === -1));
  };
  async function vote(direction) {
    if (!requireSession()) return;
    for (const choice of choices) choice.disabled = true;
    try {
      const { votePost } = await ask(operations.votePost, {
        postId: post.id,
        direction: mine === direction ? 0 : direction,
      });
      cast.set(post.id, { tally: votePost.tally, during: asked });
      // The list may have been made anew meanwhile.
      shown.get(post.id)(votePost.tally);
    } catch (error) {
      toast(explain(error));
    } finally {
      for (const choice of choices) choice.disabled = false;
    }
  }
  shown.set(post.id, show);
  const last = cast.get(post.id);
  // A page that was asked for before the vote does not know of it.
  show(last && last.during >= page ? last.tally : { score: post.score, mine: post.myVote });
  return element('div', { class: 'votes' }, choices[0], score, choices[1]);
}

function startCompose() {
  const details = byId('compose-more');
  const title = byId('post-title');
  const chosenForum = byId('post-forum');
  let key = newKey();
  title.addEventListener('focus', () => {
    if (!details.hidden || !requireSession()) return;
    details.hidden = false;
    if (forumChoice.value !== '') chosenForum.value = forumChoice.value;
  });
  form.addEventListener('reset', () => {
    details.hidden = true;
    form.querySelector('.problem').hidden = true;
  });
  onSubmit(form, async (values) => {
    if (!requireSession()) return;
    const { createPost } = await ask(operations.createPost, {
      forumId: values.get('forumId'),
      title: values.get('title'),
      content: values.get('content') || undefined,
      key,
    });
    key = newKey();
    form.reset();
    const shown = showPost(createPost.post);
    shown.firstElementChild.classList.add('fresh');
    list.prepend(shown);
    empty.hidden = true;
    toast('Posted.');
  });
}
