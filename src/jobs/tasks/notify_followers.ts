import { z } from 'zod';
import type { StoaTask } from '../task.ts';

const shape = z.union([z.object({ postId: z.uuid() }), z.object({ commentId: z.uuid() })]);

/** Rings the bells of those who follow a forum or a post, when something new is in it. */
const notifyFollowers: StoaTask = async (payload, context) => {
  const subject = shape.parse(payload);
  await context.query('select forums.notify_followers(p_post_id => $1, p_comment_id => $2)', [
    'postId' in subject ? subject.postId : null,
    'commentId' in subject ? subject.commentId : null,
  ]);
};

export default notifyFollowers;
