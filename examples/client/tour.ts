/**
 * A tour of the API with the typed client: a visitor's read, a refusal, sign-in, two pages, a post and a vote.
 *
 *   STOA_PASSWORD=… node examples/client/tour.ts <username> [forum, default general] [address of the API]
 */
import { CreatePostDocument, ForumPostsDocument, ViewerDocument, VotePostDocument } from './operations.ts';
import { StoaApiError, StoaClient } from './stoa.ts';

const [name, slug = 'general', url = 'http://127.0.0.1:5678/graphql'] = process.argv.slice(2);
const password = process.env['STOA_PASSWORD'];
if (name === undefined || password === undefined) {
  console.error(
    'Usage: STOA_PASSWORD=… node examples/client/tour.ts <username> [forum] [address of the API]',
  );
  process.exit(2);
}

const client = new StoaClient(url);

const { forumBySlug: forum } = await client.ask(ForumPostsDocument, { slug, first: 3 });
if (!forum) throw new Error(`There is no forum "${slug}".`);
console.log(`The hottest posts of ${forum.name}:`);
for (const post of forum.posts.nodes) console.log(`  ${post?.score}  ${post?.title}`);

const draft = { forumId: forum.id, title: 'Hello from the tour', content: 'Written by a program.' };
try {
  await client.ask(CreatePostDocument, draft);
} catch (error) {
  if (!(error instanceof StoaApiError)) throw error;
  console.log(`Posting as a visitor: ${error.code}, ${error.reason}. ${error.cure}`);
}

if (!(await client.signIn(name, password))) throw new Error('This account has a second factor.');
const { viewer } = await client.ask(ViewerDocument, {});
console.log(`Signed in as ${viewer?.username}.`);

const after = forum.posts.pageInfo.endCursor;
const next = await client.ask(ForumPostsDocument, { slug, first: 3, after });
console.log('The page after:');
for (const post of next.forumBySlug?.posts.nodes ?? []) console.log(`  ${post?.score}  ${post?.title}`);

const { createPost } = await client.ask(CreatePostDocument, draft);
if (!createPost?.post) throw new Error('The new post may not be read.');
await client.refresh();
const { votePost } = await client.ask(VotePostDocument, { postId: createPost.post.id, direction: -1 });
console.log(`Posted "${createPost.post.title}" and voted it down: score ${votePost?.tally?.score}.`);
