import type { TestDatabase } from '../harness/index.ts';

export interface TestForum {
  readonly id: string;
  readonly slug: string;
}

/** A forum with posts of many scores and ages, written as the import writes them: straight into the tables. */
export async function createForum(
  db: TestDatabase,
  forum: {
    readonly slug: string;
    readonly ownerId: string;
    readonly posts?: number;
    readonly isPublic?: boolean;
  },
): Promise<TestForum> {
  const { rows } = await db.query<{ id: string }>(
    `insert into forums.forums (slug, name, owner_id, is_public)
     values ($1, $1, $2, $3)
     returning id`,
    [forum.slug, forum.ownerId, forum.isPublic ?? true],
  );
  const id = rows[0]?.id ?? '';
  await db.query(
    `insert into forums.posts (forum_id, author_id, title, score, upvote_count, downvote_count, inserted_at)
     select $1, $2, 'post ' || n, score, greatest(score, 0), greatest(-score, 0), at
     from generate_series(1, $3::integer) as n,
       lateral (select (n * 7919) % 41 - 5 as score, now() - n % 500 * interval '37 minutes' as at) as made`,
    [id, forum.ownerId, forum.posts ?? 0],
  );
  return { id, slug: forum.slug };
}
