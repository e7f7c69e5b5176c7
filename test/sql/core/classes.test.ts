import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

let db: TestDatabase;
let admin: string;
beforeAll(async () => {
  db = await testDatabase();
  admin = await createUser(db, { username: 'boss', role: 'admin' });
});

async function standing(id: string): Promise<unknown> {
  const { rows } = await db.query('select class_id, role from core.users where id = $1', [id]);
  return rows[0];
}

async function age(id: string, days: number): Promise<void> {
  await db.query('update core.users set inserted_at = now() - make_interval(days => $2) where id = $1', [
    id,
    days,
  ]);
}

async function promote(): Promise<number> {
  const { rows } = await db.query<{ moved: number }>('select core.promote_classes() as moved');
  return rows[0]?.moved ?? -1;
}

describe('an account class', () => {
  it('is one of thirteen to begin with, each with a role, and one of them is for newcomers', async () => {
    const { rows } = await db.query<{ role: string; classes: number; defaults: number }>(
      `select role, count(*)::integer as classes, count(*) filter (where is_default)::integer as defaults
       from core.user_classes group by role order by role`,
    );
    expect(rows).toEqual([
      { role: 'admin', classes: 2, defaults: 0 },
      { role: 'moderator', classes: 1, defaults: 0 },
      { role: 'user', classes: 10, defaults: 1 },
    ]);
    await expect(
      db.query('update core.user_classes set is_default = true where id = 2'),
    ).rejects.toMatchObject({ code: '23505' });
  });

  it('brings its role along, and the change is audited with its reason', async () => {
    const id = await createUser(db, { username: 'rising' });
    await db.as(
      { role: 'stoa_admin', userId: admin },
      (client) => client.query("select core.set_class($1, 11::smallint, 'trusted')", [id]),
      { commit: true },
    );
    expect(await standing(id)).toEqual({ class_id: 11, role: 'moderator' });
    const { rows } = await db.query(
      'select actor_id, reason, old_values, new_values from audit.logs where resource_id = $1',
      [id],
    );
    expect(rows).toEqual([
      {
        actor_id: admin,
        reason: 'trusted',
        old_values: { class_id: 1, role: 'user' },
        new_values: { class_id: 11, role: 'moderator' },
      },
    ]);
  });

  it('can never disagree with the role', async () => {
    const id = await createUser(db, { username: 'cheater' });
    await expect(db.query("update core.users set role = 'admin' where id = $1", [id])).rejects.toMatchObject({
      constraint: 'users_class_role_fkey',
    });
  });

  it.each([
    ['99::smallint', "'x'", 'class.unknown'],
    ['2::smallint', "' '", 'input.empty'],
  ])('is not set to %s for the reason %s', async (classId, reason, refused) => {
    const id = await createUser(db, { username: `stays_${refused.replace('.', '_')}` });
    expect(
      await reasonOf(
        db.as({ role: 'stoa_admin', userId: admin }, (client) =>
          client.query(`select core.set_class($1, ${classId}, ${reason})`, [id]),
        ),
      ),
    ).toBe(refused);
  });
});

describe('automatic promotion', () => {
  it('moves up and down the ladder by thresholds', async () => {
    const id = await createUser(db, { username: 'old_hand' });
    await age(id, 31);
    expect(await promote()).toBe(1);
    expect(await standing(id)).toEqual({ class_id: 2, role: 'user' });

    await age(id, 3);
    expect(await promote()).toBe(1);
    expect(await standing(id)).toEqual({ class_id: 1, role: 'user' });
    expect(await promote()).toBe(0);
  });

  it('needs every threshold of a class, and none is reached while no module measures it', async () => {
    const id = await createUser(db, { username: 'sharer' });
    await age(id, 400);
    // As without the module that measures them.
    await db.query("delete from core.user_metrics where name in ('uploaded_bytes', 'ratio')");
    await promote();
    expect(await standing(id)).toMatchObject({ class_id: 2 });

    await db.query(`
      insert into core.user_metrics (name, query) values
        ('uploaded_bytes', 'select id as user_id, 60000000000::numeric as value from core.users'),
        ('ratio', 'select id as user_id, 1.5 as value from core.users')
    `);
    await promote();
    expect(await standing(id)).toMatchObject({ class_id: 3 });
  });

  it('leaves staff and classes given by hand alone', async () => {
    const supporter = await createUser(db, { username: 'giver' });
    await db.query('update core.users set class_id = 6 where id = $1', [supporter]);
    await age(supporter, 1000);
    await age(admin, 1000);
    await promote();
    expect(await standing(supporter)).toMatchObject({ class_id: 6 });
    expect(await standing(admin)).toMatchObject({ role: 'admin' });
  });

  it('is audited', async () => {
    const id = await createUser(db, { username: 'logged' });
    await age(id, 31);
    await promote();
    const { rows } = await db.query('select action, new_values from audit.logs where resource_id = $1', [id]);
    expect(rows).toEqual([{ action: 'user.promote', new_values: { class_id: 2 } }]);
  });
});

describe('achievements', () => {
  it('are earned when a metric reaches its threshold, once, and progress is kept before', async () => {
    const [young, old] = [
      await createUser(db, { username: 'young' }),
      await createUser(db, { username: 'ancient' }),
    ];
    await age(young, 5);
    await age(old, 50);
    await db.query(`
      insert into core.achievements (slug, name, criteria) values
        ('month', 'A month here', '{"metric": "account_age_days", "threshold": 30}'),
        ('unmeasured', 'Nothing measures this', '{"metric": "moon_phase", "threshold": 1}')
    `);
    const evaluate = async (): Promise<unknown> => {
      await db.query('select core.evaluate_achievements()');
      const { rows } = await db.query(
        `select user_id, progress::integer, earned_at is not null as is_earned
         from core.user_achievements where user_id in ($1, $2) order by progress`,
        [young, old],
      );
      return rows;
    };
    const expected = [
      { user_id: young, progress: 5, is_earned: false },
      { user_id: old, progress: 50, is_earned: true },
    ];
    expect(await evaluate()).toEqual(expected);

    await age(old, 10);
    expect(await evaluate()).toEqual([expected[0], { user_id: old, progress: 10, is_earned: true }]);

    const { rows } = await db.query('select core.evaluate_achievements() as changed');
    expect(rows).toEqual([{ changed: 0 }]);
  });

  it('are changed by administrators only, who leave a trace', async () => {
    await db.as(
      { role: 'stoa_admin', userId: admin },
      (client) => client.query("insert into core.achievements (slug, name) values ('founder', 'Founder')"),
      { commit: true },
    );
    const { rows } = await db.query(
      "select action, new_values ->> 'slug' as slug from audit.logs where resource_type = 'core.achievements' and actor_id = $1",
      [admin],
    );
    expect(rows).toEqual([{ action: 'row.insert', slug: 'founder' }]);
    await expect(
      db.as({ role: 'stoa_moderator', userId: admin }, (client) =>
        client.query("insert into core.achievements (slug, name) values ('forger', 'Forger')"),
      ),
    ).rejects.toMatchObject({ code: '42501' });
  });

  it('are given by administrators, once, whatever the progress, on record', async () => {
    const member = await createUser(db, { username: 'decorated' });
    const { rows: made } = await db.query<{ id: string }>(
      "insert into core.achievements (slug, name) values ('by_hand', 'By hand') returning id",
    );
    const badge = made[0]?.id ?? '';
    const give = (
      userId: string,
      achievement: string,
      role: 'stoa_admin' | 'stoa_moderator' = 'stoa_admin',
    ) =>
      db.as(
        { role, userId: admin },
        (client) =>
          client.query<{ earned_at: Date }>('select earned_at from core.grant_achievement($1, $2)', [
            userId,
            achievement,
          ]),
        { commit: true },
      );
    const first = (await give(member, badge)).rows[0]?.earned_at;
    expect(first).toBeInstanceOf(Date);
    expect((await give(member, badge)).rows[0]?.earned_at).toEqual(first);
    const { rows } = await db.query(
      "select count(*)::int as times from audit.logs where action = 'achievement.grant' and actor_id = $1",
      [admin],
    );
    expect(rows).toEqual([{ times: 2 }]);

    const nobody = '019a0000-0000-7000-8000-000000000000';
    expect(await reasonOf(give(nobody, badge))).toBe('user.unknown');
    expect(await reasonOf(give(member, nobody))).toBe('achievement.unknown');
    await expect(give(member, badge, 'stoa_moderator')).rejects.toMatchObject({ code: '42501' });
  });
});
