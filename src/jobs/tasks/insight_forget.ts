import { z } from 'zod';
import { untilDone } from '../batches.ts';
import type { StoaTask } from '../task.ts';

const shape = z.union([z.object({ userId: z.uuid() }), z.object({ groupId: z.uuid() })]);

/** Deletes what models made of the messages of a person who withdrew consent, or of a group that switched it off. */
const insightForget: StoaTask = async (payload, context) => {
  const subject = shape.parse(payload);
  const [call, id] =
    'userId' in subject
      ? (['insight.forget_person($1)', subject.userId] as const)
      : (['insight.forget_group($1)', subject.groupId] as const);
  await untilDone(context, call, [id]);
};

export default insightForget;
