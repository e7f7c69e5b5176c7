import { followMailedLink, loadViewer, showAccount } from './account.js';
import { byId, explain, toast } from './dom.js';
import { loadForums, showFeed, startFeed } from './feed.js';
import { onSession, replaceSession } from './session.js';
import { loadGroups, startTalk, talkIsShown } from './talk.js';

/** A section whose module is not installed has no fields in the API: it is left out. */
async function load(section, work) {
  try {
    await work();
  } catch (error) {
    if (error.code === 'GRAPHQL_VALIDATION_FAILED') {
      byId(section).hidden = true;
      byId(`show-${section}`).hidden = true;
    } else toast(explain(error));
  }
}

async function loadAll() {
  try {
    showAccount(await loadViewer());
  } catch (error) {
    if (error.code === 'UNAUTHENTICATED') replaceSession(undefined);
    else toast(explain(error));
    showAccount(undefined);
  }
  await Promise.all([
    load('posts', async () => {
      await loadForums();
      await showFeed();
    }),
    load('talk', () => loadGroups()),
  ]);
}

function startSections() {
  const choices = { posts: byId('show-posts'), talk: byId('show-talk') };
  for (const [section, choice] of Object.entries(choices)) {
    choice.addEventListener('click', () => {
      document.body.dataset.section = section;
      for (const [name, other] of Object.entries(choices))
        other.setAttribute('aria-pressed', String(name === section));
      if (section === 'talk') talkIsShown();
      window.scrollTo(0, 0);
    });
  }
}

startSections();
startFeed();
startTalk();
onSession(loadAll);
await loadAll();
await followMailedLink();
