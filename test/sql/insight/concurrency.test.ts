import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Group, Person } from '../groups/scene.ts';
import { reasonOf } from '../refusal.ts';
import { type Claim, type Scene, scene } from './scene.ts';

/** Each test names what it falls without. */
let world: Scene;
let owner: Person;
let group: Group;
beforeAll(async () => {
  world = await scene();
  owner = await world.person();
});
beforeEach(async () => {
  await world.forgetAll();
  group = await world.openGroup(owner);
});

const recordCall = `select * from insight.record_analysis($1, 'reader', '1', 0.5, 0.1)`;

describe('processes that claim at once', () => {
  // "skip locked" in insight.claim_tasks: without it the second waits for the first, and is cut off.
  it('get different tasks, and do not wait for each other', async () => {
    for (let n = 0; n < 4; n += 1) await world.say(owner, group.general);
    const [claimed, others] = await world.inWorkerTransaction(async (first) => [
      await first.query<Claim>(`select * from insight.claim_tasks('analysis', 2)`),
      await world.inWorkerTransaction(async (second) => {
        await second.query("set local lock_timeout = '2s'");
        return (await second.query<Claim>(`select * from insight.claim_tasks('analysis', 10)`)).rows;
      }),
    ]);
    const ids = [...claimed.rows, ...others].map((claim) => claim.start_message_id);
    expect([claimed.rowCount, others.length, new Set(ids).size]).toEqual([2, 2, 4]);
  });

  it('in numbers, with failures between them, do each task once', async () => {
    for (let n = 0; n < 30; n += 1) await world.say(owner, group.general);
    const done: string[] = [];
    await Promise.all(
      Array.from({ length: 6 }, async (_, place) => {
        for (;;) {
          const claims = await world.claim('analysis', 3);
          if (claims.length === 0) return;
          await world.readClaims(claims);
          for (const [index, claim] of claims.entries()) {
            if (claim.attempt === 1 && (index + place) % 3 === 0) {
              await world.asWorker('select insight.fail_task($1, $2)', claim.claim_id, 'no');
              // Only this one: two that make all of them due at once would wait for each other.
              await world.db.query(
                'update insight.tasks set available_at = now() where claim_id is null and start_message_id = $1',
                [claim.start_message_id],
              );
            } else {
              const { message_id } = await world.record(claim);
              if (message_id !== null) done.push(message_id);
            }
          }
        }
      }),
    );
    expect([done.length, new Set(done).size]).toEqual([30, 30]);
    expect(await world.count('insight.tasks')).toBe(0);
  });
});

describe('a result that is sent', () => {
  // "for update" of the task in insight.settle_task: without it the second overwrites what the first was told is kept.
  it('twice at once is kept once, and both get it', async () => {
    const claim = await world.claimOf(await world.say(owner, group.general));
    const both = await Promise.all([world.record(claim), world.record(claim, { sentiment: -0.5 })]);
    expect(both[0]).toEqual(both[1]);
    expect(await world.count('insight.message_analyses where message_id = $1', claim.start_message_id)).toBe(
      1,
    );
  });

  // The row of the task, which the trigger of the edit locks and insight.settle_task has to touch. (The lock of the messages
  // is for where no such row is in common: the summary below.)
  it('while its message is being edited waits, and is not kept', async () => {
    const claim = await world.claimOf(await world.say(owner, group.general));
    const result = await world.db.as(
      { role: 'stoa_member', userId: owner.id },
      async (editor) => {
        await editor.query('select groups.edit_channel_message($1, $2, $3)', [
          claim.channel_id,
          claim.start_message_id,
          'Changed.',
        ]);
        const recording = world.record(claim);
        await world.someoneWaits();
        return { recording };
      },
      { commit: true },
    );
    expect(await result.recording).toMatchObject({ message_id: null });
    expect(await world.count('insight.message_analyses where message_id = $1', claim.start_message_id)).toBe(
      0,
    );
    expect(await world.claim('analysis')).toHaveLength(1);
  });

  // "for share" of the settings: without it the analysis is written behind the back of the job that forgets.
  it('while its author withdraws consent waits, and is not kept', async () => {
    const claim = await world.claimOf(await world.say(owner, group.general));
    const result = await world.db.as(
      { role: 'stoa_member', userId: owner.id },
      async (author) => {
        await author.query('update core.user_settings set allow_ai_analysis = false');
        const recording = world.record(claim);
        await world.someoneWaits();
        return { recording };
      },
      { commit: true },
    );
    expect(await result.recording).toMatchObject({ message_id: null });
    expect(await world.count('insight.message_analyses where message_id = $1', claim.start_message_id)).toBe(
      0,
    );
    await world.consent(owner, true);
  });

  // "for share" of the policy: without it the analysis outlives the decision of the group.
  it('while its group switches this off waits, and is not kept', async () => {
    const claim = await world.claimOf(await world.say(owner, group.general));
    const result = await world.db.as(
      { role: 'stoa_member', userId: owner.id },
      async (manager) => {
        await manager.query('select insight.configure_group($1, $2)', [group.id, { analyses: false }]);
        const recording = world.record(claim);
        await world.someoneWaits();
        return { recording };
      },
      { commit: true },
    );
    expect(await result.recording).toMatchObject({ message_id: null });
    expect(await world.count('insight.message_analyses where message_id = $1', claim.start_message_id)).toBe(
      0,
    );
  });

  // The other way round, by the same row: whoever edits waits for the result, and their trigger then finds it.
  it('before its message is edited is there for the edit to delete', async () => {
    const claim = await world.claimOf(await world.say(owner, group.general));
    const { editing } = await world.inWorkerTransaction(async (process) => {
      await process.query(recordCall, [claim.claim_id]);
      const edit = owner.call('edit_channel_message', {
        channel_id: claim.channel_id,
        message_id: claim.start_message_id,
        content: 'Changed.',
      });
      await world.someoneWaits();
      return { editing: edit };
    });
    await editing;
    expect(await world.count('insight.message_analyses where message_id = $1', claim.start_message_id)).toBe(
      0,
    );
  });
});

describe('a summary that is written while a message of it is deleted', () => {
  // "for share" of the messages: without it the summary tells what was deleted, and is not stale.
  it('is not kept', async () => {
    await world.db.query("update core.settings set value = '3' where key = 'insight.summary_messages'");
    const said = [
      await world.say(owner, group.general),
      await world.say(owner, group.general),
      await world.say(owner, group.general),
    ];
    await world.asWorker('select insight.plan_summaries()');
    const [claim] = await world.claim('summary');
    if (!claim) throw new Error('nothing to claim');
    await world.readClaims([claim]);
    const result = await world.db.as(
      { role: 'stoa_member', userId: owner.id },
      async (author) => {
        await author.query('select groups.delete_channel_message($1, $2)', [group.general, said[1]?.id]);
        const summarising = world.summarise(claim);
        await world.someoneWaits();
        return { summarising };
      },
      { commit: true },
    );
    expect(await result.summarising).toMatchObject({ id: null });
    expect(await world.count('insight.conversation_summaries where channel_id = $1', group.general)).toBe(0);
  });
});

describe('reputation that is worked out twice at once', () => {
  // The advisory lock in insight.recompute_reputation: without it the second counts while the first writes, and of two the older count can win.
  it('is worked out one after the other, and the facts in between count', async () => {
    await world.say(owner, group.general);
    const { second } = await world.inWorkerTransaction(async (first) => {
      await first.query('select insight.recompute_reputation($1)', [group.id]);
      const other = await world.person();
      await world.join(group, other);
      await world.say(other, group.general);
      const later = world.asWorker('select insight.recompute_reputation($1) as changed', group.id);
      await world.someoneWaits('advisory');
      return { second: later };
    });
    expect(await second).toEqual([{ changed: 1 }]);
    expect(await world.count('insight.reputation_scores where group_id = $1', group.id)).toBe(2);
  });
});

describe('a claim that ended while its holder was busy', () => {
  // claim_id in insight.settle_task: without it both results are paid for and the later one wins.
  it('keeps only the result of the one that has it now', async () => {
    const slow = await world.claimOf(await world.say(owner, group.general));
    await world.db.query('update insight.tasks set available_at = now()');
    const [quick] = await world.claim('analysis');
    if (!quick) throw new Error('nothing to claim');
    await world.readClaims([quick]);
    const [first, second] = await Promise.all([reasonOf(world.record(slow)), world.record(quick)]);
    expect([first, second.message_id]).toEqual(['insight_claim.lost', slow.start_message_id]);
  });
});
