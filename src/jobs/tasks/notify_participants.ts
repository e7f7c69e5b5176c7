import { z } from 'zod';
import type { StoaTask } from '../task.ts';

const shape = z.object({ conversationId: z.uuid(), messageId: z.uuid() });

/** Rings the bells of those who have not read a message yet. */
const notifyParticipants: StoaTask = async (payload, context) => {
  const { conversationId, messageId } = shape.parse(payload);
  await context.query('select messaging.notify_participants($1, $2)', [conversationId, messageId]);
};

export default notifyParticipants;
