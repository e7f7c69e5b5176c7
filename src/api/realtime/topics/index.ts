import type { Listener, Topic } from '../topic.ts';
import { channelMessages } from './channel-messages.ts';
import { conversationMessages } from './conversation-messages.ts';
import { inboxMessages } from './inbox-messages.ts';
import { notifications } from './notifications.ts';
import { presence } from './presence.ts';
import { type FollowTally, proposalTally } from './proposal-tally.ts';

/** What a subscription asks for: the name of its field and its arguments. */
export interface TopicRequest {
  readonly field: string;
  readonly id: string | null;
  readonly after: string | null;
}

export interface TopicSurroundings {
  readonly listener: Listener;
  readonly batchSize: number;
  readonly followTally: FollowTally;
}

/** Undefined: there is no such field. */
export function openTopic(
  request: TopicRequest,
  surroundings: TopicSurroundings,
): Topic<unknown> | undefined {
  const { listener, batchSize, followTally } = surroundings;
  const after = request.after ?? undefined;
  const id = request.id ?? undefined;
  switch (request.field) {
    case 'conversationMessages':
      return id === undefined ? undefined : conversationMessages(listener, id, after, batchSize);
    case 'inboxMessages':
      return inboxMessages(listener, after, batchSize);
    case 'channelMessages':
      return id === undefined ? undefined : channelMessages(listener, id, after, batchSize);
    case 'notifications':
      return notifications(listener, after, batchSize);
    case 'presence':
      return presence(listener, id, batchSize);
    case 'proposalTally':
      return id === undefined ? undefined : proposalTally(id, followTally);
    default:
      return undefined;
  }
}
