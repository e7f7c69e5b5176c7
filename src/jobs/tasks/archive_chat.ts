import { archiveChat } from '../../archive/chat.ts';
import { withTableToMyself } from '../../archive/session.ts';
import { withArchives } from '../retirement.ts';
import { recorded, type StoaTask } from '../task.ts';

/** Messages of channels that keep them for a number of days only: exported, read back, deleted. */
const archiveChatTask: StoaTask = (_payload, context) =>
  recorded('archive_chat', context, () =>
    withArchives(context, async (session) => {
      const moved = await withTableToMyself(session.client, 'groups.channel_messages', () =>
        archiveChat(session),
      );
      return {
        rowsAffected: moved.reduce((sum, { deleted }) => sum + deleted, 0),
        detail: { archives: moved },
      };
    }),
  );

export default archiveChatTask;
