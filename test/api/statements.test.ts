import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { isOfPlan, recordStatements, startTestApi, type TestApi } from './api.ts';
import { createForum } from './community.ts';
import { listen } from './realtime/listener.ts';

let db: TestDatabase;
let api: TestApi;
let token: string;
let channelId: string;

beforeAll(async () => {
  db = await testDatabase();
  const ownerId = await createUser(db, { username: 'owner' });
  const readerId = await createUser(db, { username: 'reader' });
  const forum = await createForum(db, { slug: 'square', ownerId, posts: 60 });
  await db.query(
    `insert into forums.comments (id, post_id, author_id, path, content)
     select id, post_id, $2, array[id], 'a word'
     from (
       select core.uuidv7() as id, p.id as post_id
       from forums.posts as p, generate_series(1, 3)
       where p.forum_id = $1
     ) as made`,
    [forum.id, readerId],
  );
  await db.query(
    `insert into forums.post_votes (post_id, user_id, direction) select id, $2, 1 from forums.posts where forum_id = $1`,
    [forum.id, readerId],
  );
  api = await startTestApi(db);
  token = await api.signIn(readerId);
  const must = async (query: string, variables: Record<string, unknown> = {}) => {
    const { data, errors } = await api.ask(query, { token, variables });
    expect(errors).toEqual([]);
    return data;
  };
  const { createGroup } = await must('mutation { createGroup(input: { name: "Boats" }) { group { id } } }');
  const { createChannel } = await must(
    `mutation ($id: UUID!) { createChannel(input: { groupId: $id, name: "talk", type: "text" }) { channel { id } } }`,
    { id: createGroup.group.id },
  );
  channelId = createChannel.channel.id;
  const { rows: uploads } = await db.query<{ id: string }>(
    `insert into media.uploads (user_id, filename, content_type, size_bytes, storage_path, status)
     select $1, 'map.png', 'image/png', 10, 'uploads/' || gen_random_uuid(), 'ready' from generate_series(1, 30)
     returning id`,
    [readerId],
  );
  for (const { id } of uploads) {
    const { sendChannelMessage } = await must(
      `mutation ($channelId: UUID!, $uploadIds: [UUID]) {
        sendChannelMessage(input: { channelId: $channelId, content: "look", uploadIds: $uploadIds }) { channelMessage { id } }
      }`,
      { channelId, uploadIds: [id] },
    );
    await must(
      `mutation ($channelId: UUID!, $id: UUID!) {
        reactToChannelMessage(input: { channelId: $channelId, messageId: $id, emoji: "⛵" }) { clientMutationId }
      }`,
      { channelId, id: sendChannelMessage.channelMessage.id },
    );
  }
  await db.query(
    `with token as (
       insert into governance.tokens (symbol, name) values ('BOAT', 'Boat') returning id
     ), proposals as (
       insert into governance.proposals (proposer_id, token_id, title, description, status, snapshot_at, snapshot_power, voting_start, voting_end)
       select $1, token.id, 'Proposal ' || n, 'Why not.', 'active', now() - interval '1 day', 10, now() - interval '1 day', now() + interval '1 day'
       from token, generate_series(1, 30) as n
       returning id
     ), snapshots as (
       insert into governance.voting_snapshots (proposal_id, user_id, voting_power) select id, $1, 10 from proposals
       returning proposal_id
     )
     insert into governance.votes (proposal_id, voter_id, vote_type, voting_power)
     select proposal_id, $1, 'yes', 10 from snapshots`,
    [readerId],
  );
});

beforeAll(async () => {
  await db.query(
    `with category as (
       insert into tracker.categories (name, slug) values ('Maps', 'maps') returning id
     ), made as (
       insert into tracker.torrents
         (info_hash, name, category_id, uploader_id, size_bytes, file_count, piece_length, moderation_status, approved_at)
       select decode(lpad(to_hex(n), 40, '0'), 'hex'), 'Map ' || n, category.id, person.id, 10, 1, 16384, 'approved', now()
       from category, core.users as person, generate_series(1, 30) as n
       where person.username = 'owner'
       returning id
     ), listed as (
       insert into tracker.torrent_files (torrent_id, position, path, size_bytes)
       select id, 0, 'map.png', 10 from made
     ), tagged as (
       insert into tracker.tags (name) values ('sea') returning id
     ), assigned as (
       insert into tracker.torrent_tag_assignments (torrent_id, tag_id) select made.id, tagged.id from made, tagged
     )
     insert into tracker.comments (torrent_id, author_id, content)
     select made.id, person.id, 'Thanks.' from made, core.users as person where person.username = 'reader'`,
  );
});

/** The statements of the same question for a few rows and for many, and how many rows came. */
async function compareSizes(query: (size: number) => string, rowsOf: (data: never) => number) {
  const asked = async (size: number) => {
    let rows = 0;
    const statements = await recordStatements(async () => {
      const { data, errors } = await api.ask(query(size), { token });
      expect(errors).toEqual([]);
      rows = rowsOf(data as never);
    });
    return { rows, statements: statements.filter(isOfPlan).length };
  };
  await asked(2);
  return { few: await asked(2), many: await asked(25) };
}

describe('a nested feed asks for its rows in a number of statements that does not grow with the page', () => {
  it('posts with author, forum, own vote, and first comments with theirs: one', async () => {
    const { few, many } = await compareSizes(
      (size) => `{ posts(orderBy: HOT, first: ${size}) { nodes {
        title myVote author { username class { name } } forum { slug }
        comments(first: 3) { nodes { content myVote author { username } } } } } }`,
      (data: { posts: { nodes: { comments: { nodes: unknown[] } }[] } }) =>
        data.posts.nodes.flatMap((post) => post.comments.nodes).length,
    );
    expect([few.rows, many.rows]).toEqual([6, 75]);
    expect([few.statements, many.statements]).toEqual([1, 1]);
  });

  it('messages of a channel with author, reactions, and attachments with their addresses: one', async () => {
    const { few, many } = await compareSizes(
      (size) => `{ channel(id: "${channelId}") { messages(first: ${size}) { nodes {
        content sender { username } reactions(first: 10) { nodes { emoji user { username } } }
        attachments(first: 10) { nodes { filename url upload { contentType } } } } } } }`,
      (data: { channel: { messages: { nodes: { attachments: { nodes: { url: string | null }[] } }[] } } }) =>
        data.channel.messages.nodes
          .flatMap((message) => message.attachments.nodes)
          .filter(({ url }) => url !== null).length,
    );
    expect([few.rows, many.rows]).toEqual([2, 25]);
    expect([few.statements, many.statements]).toEqual([1, 1]);
  });

  it('torrents with category, uploader, figures, tags and files, and first comments with authors: one', async () => {
    const { few, many } = await compareSizes(
      (size) => `{ torrents(first: ${size}) { nodes {
        name category { name parent { name } } uploader { username class { name } } statistics { seeders leechers }
        tags(first: 5) { nodes { score tag { name } } } files(first: 3) { nodes { path } }
        works { nodes { title } } comments(first: 3) { nodes { content author { username } } } } } }`,
      (data: { torrents: { nodes: { comments: { nodes: { author: object | null }[] } }[] } }) =>
        data.torrents.nodes.flatMap(({ comments }) => comments.nodes).filter(({ author }) => author !== null)
          .length,
    );
    expect([few.rows, many.rows]).toEqual([2, 25]);
    expect([few.statements, many.statements]).toEqual([1, 1]);
  });

  it('what came to a channel while a listener was away, with authors and attachments: as many for two as for all', async () => {
    const { rows } = await db.query<{ id: string }>(
      'select id from groups.channel_messages where channel_id = $1 order by id desc',
      [channelId],
    );
    const connection = listen(api, token);
    await connection.connected;
    const replay = async (missed: number) => {
      let got = 0;
      const statements = await recordStatements(async () => {
        const events = connection.subscribe(
          `subscription ($channelId: UUID!, $after: String) { channelMessages(channelId: $channelId, after: $after) { messages {
            content sender { username } attachments(first: 5) { nodes { filename url } } reactions(first: 5) { nodes { user { username } } }
          } } }`,
          { channelId, after: rows[missed]?.id },
        );
        got = (await events.next()).messages.length;
        events.stop();
      });
      return [got, statements.filter(({ text }) => text.includes('channel_messages')).length];
    };
    await replay(1);
    const [few, many] = [await replay(2), await replay(25)];
    expect([few[0], many[0]]).toEqual([2, 25]);
    expect(many[1]).toBe(few[1]);
    await connection.close();
  });

  it('uploads with their addresses: one', async () => {
    const { few, many } = await compareSizes(
      (size) => `{ uploads(first: ${size}) { nodes { filename url transfer { url } user { username } } } }`,
      (data: { uploads: { nodes: { url: string | null }[] } }) =>
        data.uploads.nodes.filter(({ url }) => url !== null).length,
    );
    expect([few.rows, many.rows]).toEqual([2, 25]);
    expect([few.statements, many.statements]).toEqual([1, 1]);
  });

  it('proposals with their token and my ballot: one', async () => {
    const { few, many } = await compareSizes(
      (size) =>
        `{ proposals(first: ${size}) { nodes { title myPower token { symbol } proposer { username } myBallot { voteType votingPower } } } }`,
      (data: { proposals: { nodes: { myBallot: object | null }[] } }) =>
        data.proposals.nodes.filter(({ myBallot }) => myBallot !== null).length,
    );
    expect([few.rows, many.rows]).toEqual([2, 25]);
    expect([few.statements, many.statements]).toEqual([1, 1]);
  });
});
