import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { isOfPlan, recordStatements, startTestApi, type TestApi } from './api.ts';
import { createForum } from './community.ts';

/** The query as the documentation gives it. */
const firstScreen =
  /## The first screen[\s\S]*?```graphql\n([\s\S]*?)```/.exec(
    readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8'),
  )?.[1] ?? '';

let db: TestDatabase;
let api: TestApi;
let adaId: string;
let ada: string;
let ben: string;

async function must(token: string, query: string, variables: Record<string, unknown> = {}) {
  const { data, errors } = await api.ask(query, { token, variables });
  expect(errors).toEqual([]);
  return data;
}

/** Groups with channels, friends, forums and conversations for Ada, so many of each. */
async function settle(amount: number): Promise<void> {
  for (let n = 0; n < amount; n += 1) {
    const friendId = await createUser(db, { username: `friend${amount}x${n}` });
    const friend = await api.signIn(friendId);
    const { sendFriendRequest } = await must(
      friend,
      'mutation ($userId: UUID!) { sendFriendRequest(input: { userId: $userId }) { friendship { id } } }',
      { userId: adaId },
    );
    await must(
      ada,
      'mutation ($id: UUID!) { acceptFriendRequest(input: { id: $id }) { clientMutationId } }',
      {
        id: sendFriendRequest.friendship.id,
      },
    );
    await must(friend, 'mutation { heartbeat(input: { device: "open" }) { clientMutationId } }');
    const { startConversation } = await must(
      friend,
      'mutation ($userId: UUID!) { startConversation(input: { userId: $userId }) { conversation { id } } }',
      { userId: adaId },
    );
    await must(
      friend,
      `mutation ($conversationId: UUID!) {
        sendMessage(input: { conversationId: $conversationId, content: "Hello" }) { clientMutationId }
      }`,
      { conversationId: startConversation.conversation.id },
    );
    const forum = await createForum(db, { slug: `forum${amount}x${n}`, ownerId: friendId });
    await must(
      ada,
      'mutation ($forumId: UUID!) { subscribeToForum(input: { forumId: $forumId }) { clientMutationId } }',
      { forumId: forum.id },
    );
    const { createGroup } = await must(
      ada,
      `mutation { createGroup(input: { name: "Group ${n}" }) { group { id } } }`,
    );
    await must(
      ada,
      `mutation ($groupId: UUID!) {
        createChannel(input: { groupId: $groupId, name: "talk", type: "text" }) { clientMutationId }
      }`,
      { groupId: createGroup.group.id },
    );
  }
}

beforeAll(async () => {
  db = await testDatabase();
  api = await startTestApi(db, { STOA_RATE_ACCOUNT: '0', STOA_RATE_ADDRESS: '0' });
  adaId = await createUser(db, { username: 'ada' });
  await db.query('insert into core.user_settings (user_id) values ($1) on conflict do nothing', [adaId]);
  ada = await api.signIn(adaId);
  ben = await api.signIn(await createUser(db, { username: 'ben' }));
});

const countStatements = async (token: string): Promise<number> => {
  const statements = await recordStatements(() => must(token, firstScreen));
  return statements.filter(isOfPlan).length;
};

describe('the first screen', () => {
  it('is one request of two statements, with little to show and with more', async () => {
    await settle(1);
    const few = await countStatements(ada);
    await settle(3);
    expect([few, await countStatements(ada)]).toEqual([2, 2]);
  });

  it('shows who one is, what is new, and where one belongs', async () => {
    await must(
      ben,
      'mutation ($id: UUID!) { sendFriendRequest(input: { userId: $id }) { clientMutationId } }',
      {
        id: adaId,
      },
    );
    const { viewer, inbox } = await must(ada, firstScreen);
    expect(viewer).toMatchObject({
      username: 'ada',
      settings: { language: expect.any(String) },
      overview: {
        sessionRole: 'member',
        unreadMessageCount: '4',
        unreadNotificationCount: expect.any(Number),
        unreadChannelCount: 0,
        moderationQueue: null,
        friendRequests: [{ user: { username: 'ben' } }],
      },
    });
    expect(viewer.friends.nodes).toHaveLength(4);
    expect(viewer.friends.nodes[0].friend.presence.effectiveStatus).toBe('online');
    expect(viewer.groupMembers.nodes).toHaveLength(4);
    const channels = viewer.groupMembers.nodes.flatMap(
      (member: { group: { channels: { nodes: { name: string }[] } } }) => member.group.channels.nodes,
    );
    expect(channels.filter(({ name }: { name: string }) => name === 'talk')).toHaveLength(4);
    expect(viewer.forumSubscriptions.nodes).toHaveLength(4);
    expect(inbox.map((conversation: { unreadCount: string }) => conversation.unreadCount)).toEqual([
      '1',
      '1',
      '1',
      '1',
    ]);
    expect(inbox[0].participants.nodes).toHaveLength(2);
  });

  it('shows moderators the work that waits', async () => {
    const moderator = await api.signIn(await createUser(db, { username: 'cleo', role: 'moderator' }));
    const { rows } = await db.query<{ id: string }>(
      `insert into forums.posts (forum_id, author_id, title) select id, owner_id, 'Bad' from forums.forums limit 1 returning id`,
    );
    await must(
      ben,
      `mutation ($id: UUID!) {
        fileReport(input: { type: "forum_post", subjectId: $id, reason: "spam" }) { clientMutationId }
      }`,
      { id: rows[0]?.id },
    );
    const { viewer } = await must(moderator, firstScreen);
    expect(viewer.overview).toMatchObject({
      sessionRole: 'moderator',
      moderationQueue: { pendingCount: 1, assignedCount: 0 },
    });
  });

  it('tells of oneself only', async () => {
    const { userByUsername } = await must(
      ben,
      '{ userByUsername(username: "ada") { overview { sessionRole } } }',
    );
    expect(userByUsername).toEqual({ overview: null });
  });

  it('calls an account that is banned restricted, and a visitor nobody', async () => {
    const id = await createUser(db, { username: 'eve' });
    const token = await api.signIn(id);
    await db.query("update core.users set banned_until = 'infinity' where id = $1", [id]);
    expect((await api.ask('{ viewer { overview { sessionRole } } }', { token })).data.viewer).toEqual({
      overview: { sessionRole: 'restricted' },
    });
    expect((await api.ask('{ viewer { overview { sessionRole } } }')).data.viewer).toBeNull();
  });
});
