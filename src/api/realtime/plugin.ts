import 'postgraphile';
import { listOfCodec, type PgResource, TYPES } from 'postgraphile/@dataplan/pg';
import {
  access,
  constant,
  context,
  type FieldArgs,
  type GrafastSubscriber,
  get,
  inhibitOnNull,
  listen,
  object,
  type Step,
} from 'postgraphile/grafast';
import { extendSchema } from 'postgraphile/utils';
import type { Module } from '../../modules.ts';

declare global {
  namespace Grafast {
    interface Context {
      /** Makes the events of a subscription; there only over a WebSocket. */
      stoaFeeds?: GrafastSubscriber;
    }
  }
}

/** The fields of Subscription: those of the base, and those of each module that has some. What they follow is in topics/. */
export function makeSubscriptionPlugins(modules: readonly Module[]): GraphileConfig.Plugin[] {
  const has = (name: string): boolean => modules.some((module) => module.name === name);
  return [
    BaseSubscriptionsPlugin,
    ...(has('messaging') ? [MessagingSubscriptionsPlugin] : []),
    ...(has('groups') ? [GroupSubscriptionsPlugin] : []),
    ...(has('governance') ? [GovernanceSubscriptionsPlugin] : []),
  ];
}

/** A field, with the names of the arguments that say what is followed and from where. */
function follow(field: string, idArgument: string | null, afterArgument: 'after' | null) {
  return {
    subscribePlan(_$root: Step, args: FieldArgs) {
      const $request = object({
        field: constant(field),
        id: idArgument === null ? constant(null) : args.getRaw(idArgument),
        after: afterArgument === null ? constant(null) : args.getRaw(afterArgument),
      });
      // Grafast takes a topic to be a name; here it is what was asked for, as it stands.
      const $feeds = get(context(), 'stoaFeeds') as Step<GrafastSubscriber | null>;
      return listen($feeds, $request as unknown as Step<string>);
    },
    plan($event: Step) {
      return $event;
    },
  };
}

function resourceOf(build: GraphileBuild.Build, name: string): PgResource {
  const resource = build.pgResources[name];
  if (!resource) throw new Error(`There is no ${name} in the API to subscribe to`);
  return resource;
}

/**
 * The rows whose keys an event has, read under the rights of the listener. `keys`: of each column of the key, the list in
 * the event. A row that was removed meanwhile is left out.
 */
function rowsOf(
  build: GraphileBuild.Build,
  name: string,
  order: string,
  keys: Readonly<Record<string, string>>,
) {
  const { sql } = build;
  const resource = resourceOf(build, name);
  return ($event: Step) => {
    const $rows = resource.find();
    for (const [column, list] of Object.entries(keys)) {
      const $values = access($event, list);
      const values = $rows.placeholder($values, listOfCodec(TYPES.uuid));
      $rows.where(sql`${$rows.alias}.${sql.identifier(column)} = any (${values})`);
    }
    const codec = resource.codec.attributes?.[order]?.codec ?? TYPES.uuid;
    $rows.orderBy({ fragment: sql`${$rows.alias}.${sql.identifier(order)}`, codec, direction: 'ASC' });
    return $rows;
  };
}

const part = (name: string) => ($event: Step) => access($event, name);

const BaseSubscriptionsPlugin = extendSchema((build) => ({
  typeDefs: /* GraphQL */ `
    extend type Subscription {
      """
      The caller's notifications: new ones, and those that something was counted into. Also sends the number of
      unread ones when some were read, on this device or another.
      """
      notifications(
        """
        The cursor of the last event: what came since is sent first. Left out: from now on, which the first event confirms.
        """
        after: String
      ): BellEvent

      """
      Who is there. The first event has everybody who is not offline, each after that whoever changed. It is a state
      and has no cursor: subscribe again and it is sent anew.
      """
      presence(
        """
        The people in this conversation. Left out: the caller's friends.
        """
        conversationId: UUID
      ): PresenceEvent
    }

    """
    What is new in the caller's notifications.
    """
    type BellEvent {
      """
      As they are now, in the order of their ids.
      """
      notifications: [Notification!]!
      """
      How many are unread, counted up to 100.
      """
      unreadCount: Int!
      """
      To send as "after" in the next subscription.
      """
      cursor: String!
    }

    """
    A change of presence.
    """
    type PresenceEvent {
      """
      Of whom something changed, as far as they let the caller see it.
      """
      presences: [Presence!]!
      """
      Who does not let the caller see it any more: show them as offline.
      """
      hiddenUserIds: [UUID!]!
    }
  `,
  objects: {
    Subscription: {
      plans: {
        notifications: follow('notifications', null, 'after'),
        presence: follow('presence', 'conversationId', null),
      },
    },
    BellEvent: {
      plans: {
        notifications: rowsOf(build, 'notification', 'id', { user_id: 'userIds', id: 'ids' }),
        unreadCount: part('unreadCount'),
        cursor: part('cursor'),
      },
    },
    PresenceEvent: {
      plans: {
        presences: rowsOf(build, 'presence', 'user_id', { user_id: 'userIds' }),
        hiddenUserIds: part('hiddenUserIds'),
      },
    },
  },
}));

const MessagingSubscriptionsPlugin = extendSchema((build) => ({
  typeDefs: /* GraphQL */ `
    extend type Subscription {
      """
      The messages of one conversation. Ends with FORBIDDEN when the caller is no longer in it.
      """
      conversationMessages(
        """
        The conversation.
        """
        conversationId: UUID!
        """
        The cursor of the last event, or the id of the last message that the client has: what came since is sent first.
        Left out: from now on, which the first event confirms.
        """
        after: String
      ): MessagesEvent

      """
      The messages of all conversations of the caller, those that they come into later included.
      """
      inboxMessages(
        """
        The cursor of the last event: what came since is sent first. Left out: from now on, which the first event confirms.
        """
        after: String
      ): MessagesEvent
    }

    """
    What is new in conversations.
    """
    type MessagesEvent {
      """
      New messages, each of them once, oldest first. What does not fit into one event comes in the next.
      """
      messages: [Message!]!
      """
      Messages that were edited, deleted or restored during the subscription. They are not replayed.
      """
      changedMessages: [Message!]!
      """
      To send as "after" in the next subscription.
      """
      cursor: String!
    }
  `,
  objects: {
    Subscription: {
      plans: {
        conversationMessages: follow('conversationMessages', 'conversationId', 'after'),
        inboxMessages: follow('inboxMessages', null, 'after'),
      },
    },
    MessagesEvent: {
      plans: {
        messages: rowsOf(build, 'message', 'id', { conversation_id: 'containerIds', id: 'ids' }),
        changedMessages: rowsOf(build, 'message', 'id', {
          conversation_id: 'containerIds',
          id: 'changedIds',
        }),
        cursor: part('cursor'),
      },
    },
  },
}));

const GroupSubscriptionsPlugin = extendSchema((build) => ({
  typeDefs: /* GraphQL */ `
    extend type Subscription {
      """
      The messages of one channel or thread. Ends with FORBIDDEN when the caller may no longer read it.
      """
      channelMessages(
        """
        The channel.
        """
        channelId: UUID!
        """
        The cursor of the last event, or the id of the last message that the client has: what came since is sent first.
        Left out: from now on, which the first event confirms.
        """
        after: String
      ): ChannelMessagesEvent
    }

    """
    What is new in a channel.
    """
    type ChannelMessagesEvent {
      """
      New messages, each of them once, oldest first. What does not fit into one event comes in the next.
      """
      messages: [ChannelMessage!]!
      """
      Messages that were edited or restored during the subscription. They are not replayed.
      """
      changedMessages: [ChannelMessage!]!
      """
      Messages that were deleted during the subscription.
      """
      removedMessageIds: [UUID!]!
      """
      To send as "after" in the next subscription.
      """
      cursor: String!
    }
  `,
  objects: {
    Subscription: {
      plans: { channelMessages: follow('channelMessages', 'channelId', 'after') },
    },
    ChannelMessagesEvent: {
      plans: {
        messages: rowsOf(build, 'channel_message', 'id', { channel_id: 'containerIds', id: 'ids' }),
        changedMessages: rowsOf(build, 'channel_message', 'id', {
          channel_id: 'containerIds',
          id: 'changedIds',
        }),
        removedMessageIds: part('removedIds'),
        cursor: part('cursor'),
      },
    },
  },
}));

const GovernanceSubscriptionsPlugin = extendSchema((build) => ({
  typeDefs: /* GraphQL */ `
    extend type Subscription {
      """
      A proposal and its result: first as they are, then when voting opens, at most once a second while the running
      result changes and the caller may see it, and when voting closes, which is the last event.
      """
      proposalTally(
        """
        The proposal.
        """
        proposalId: UUID!
      ): ProposalTallyEvent
    }

    """
    How a vote stands.
    """
    type ProposalTallyEvent {
      """
      The proposal.
      """
      proposal: Proposal
      """
      The result. Null before voting opens, and while the running result is not shown.
      """
      tally: ProposalTally
    }
  `,
  objects: {
    Subscription: {
      plans: { proposalTally: follow('proposalTally', 'proposalId', null) },
    },
    ProposalTallyEvent: {
      plans: {
        proposal($event: Step) {
          return resourceOf(build, 'proposal').get({ id: access($event, 'proposalId') });
        },
        tally($event: Step) {
          const $of = inhibitOnNull(access($event, 'tallyOf'));
          return resourceOf(build, 'proposal_tally').execute([{ step: $of, pgCodec: TYPES.uuid }]);
        },
      },
    },
  },
}));
