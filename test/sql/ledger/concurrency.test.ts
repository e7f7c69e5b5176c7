import { beforeAll, describe, expect, it } from 'vitest';
import {
  fromAttos,
  type Movement,
  type Person,
  pick,
  random,
  type Scene,
  scene,
  type Token,
} from '../governance/scene.ts';

/** Ten connections, shuffled steps that are the same in every run, repeated: no token comes or goes, nobody owes. */
let world: Scene;
let people: Person[];
beforeAll(async () => {
  world = await scene();
  people = await world.people(8);
});

async function totals(tokens: readonly Token[]): Promise<unknown[]> {
  return world.rows(
    `select sum(balance + staked_balance) as sum, min(least(balance, staked_balance)) >= 0 as solvent
     from governance.user_tokens where token_id = any ($1) group by token_id`,
    [tokens.map(({ id }) => id)],
  );
}

// Red when the trigger of the ledger does not go by (user, token), or change_balance does not lock before it looks.
describe('random transfers in all directions at once', () => {
  it.each([1, 2, 3, 4])(
    'keep the sum, leave nobody below zero and never deadlock (round %i)',
    async (round) => {
      const tokens = [await world.token(), await world.token()];
      for (const token of tokens)
        for (const person of people) await world.fund(person, token, '10.000000000000000001');
      let moved = 0;
      const refusals: unknown[] = [];
      await Promise.all(
        people.flatMap((person, index) =>
          [0, 1].map(async (hand) => {
            const chance = random(round * 100 + index * 2 + hand);
            for (let step = 0; step < 15; step += 1) {
              const token = pick(tokens, chance());
              const to = pick(people, chance());
              const amount = fromAttos(BigInt(Math.floor(chance() * 2 ** 52)) * 1_500n + 1n);
              const act =
                chance() < 0.15
                  ? person.call(pick(['governance.stake', 'governance.unstake'], chance()), {
                      token_id: token.id,
                      amount,
                    })
                  : person.call('ledger.transfer', { to_user_id: to.id, token_id: token.id, amount });
              await act.then(
                () => (moved += 1),
                (error: { detail?: string }) => refusals.push(error.detail ?? error),
              );
            }
          }),
        ),
      );
      expect(moved).toBeGreaterThan(50);
      expect([...new Set(refusals)].sort()).toEqual(['holding.insufficient', 'transfer.to_self']);
      const whole = { sum: '80.000000000000000008', solvent: true };
      expect(await totals(tokens)).toEqual([whole, whole]);
      const [legs] = await world.rows(
        `select coalesce(sum(amount), 0) = 0 as balanced, count(*) = 2 * count(distinct transfer_id) as paired
       from ledger.transactions where type = 'transfer'`,
      );
      expect(legs).toEqual({ balanced: true, paired: true });
      expect(await world.unbalanced()).toEqual([]);
    },
  );

  it('make first holdings for people who had none, from several sides', async () => {
    const token = await world.token();
    for (const person of people) await world.fund(person, token, '5');
    for (let turn = 0; turn < 5; turn += 1) {
      const newcomer = await world.person();
      await Promise.all(
        people.map((person) =>
          person.call('ledger.transfer', { to_user_id: newcomer.id, token_id: token.id, amount: '1' }),
        ),
      );
      expect((await world.holding(newcomer, token)).balance).toBe('8.000000000000000000');
    }
    expect(await world.unbalanced()).toEqual([]);
  });

  it('of one balance by many hands spend it once', async () => {
    const token = await world.token();
    const [from, to] = people;
    if (!from || !to) throw new Error('nobody there');
    await world.fund(from, token, '10');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 25 }, () =>
        from.call('ledger.transfer', { to_user_id: to.id, token_id: token.id, amount: '3' }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect((await world.holding(from, token)).balance).toBe('1.000000000000000000');
    expect((await world.holding(to, token)).balance).toBe('9.000000000000000000');
  });
});

// Red without core.recall in the procedure.
it('the same key from ten retries at once moves one amount', async () => {
  const token = await world.token();
  const [from, to] = people;
  if (!from || !to) throw new Error('nobody there');
  await world.fund(from, token, '10');
  const legs = await Promise.all(
    Array.from({ length: 10 }, () =>
      from.call<Movement>('ledger.transfer', {
        to_user_id: to.id,
        token_id: token.id,
        amount: '1',
        key: 'retry',
      }),
    ),
  );
  expect(new Set(legs.map(({ id }) => id)).size).toBe(1);
  const requests = await Promise.all(
    Array.from({ length: 10 }, () =>
      from.call<Movement>('ledger.request_withdrawal', {
        token_id: token.id,
        amount: '2',
        address: '0x1',
        key: 'retry',
      }),
    ),
  );
  expect(new Set(requests.map(({ id }) => id)).size).toBe(1);
  expect((await world.holding(from, token)).balance).toBe('7.000000000000000000');
});

// Red when the credit is written before the receipt, or the receipt has no primary key.
it('one event on a chain, reported by ten workers at once, is credited once', async () => {
  const token = await world.token();
  const [holder] = people;
  if (!holder) throw new Error('nobody there');
  for (let event = 0; event < 5; event += 1) {
    const credits = await Promise.all(
      Array.from({ length: 10 }, () =>
        world.worker.call<Movement>('ledger.record_deposit', {
          user_id: holder.id,
          token_id: token.id,
          amount: '2',
          network: token.network,
          transaction_hash: `0xEVENT${event}`,
        }),
      ),
    );
    expect(new Set(credits.map(({ id }) => id)).size).toBe(1);
  }
  expect((await world.holding(holder, token)).balance).toBe('10.000000000000000000');
  await expect(
    world.db.query(
      `insert into ledger.chain_receipts (network, transaction_hash, user_id, transaction_id)
       select network, transaction_hash, user_id, transaction_id from ledger.chain_receipts limit 1`,
    ),
  ).rejects.toMatchObject({ constraint: 'chain_receipts_pkey' });
});

// Red when neither settle nor the guard of the ledger looks at the state under the lock of the movement.
it('a withdrawal that is settled from all sides at once is settled once', async () => {
  const token = await world.token();
  const [holder] = people;
  if (!holder) throw new Error('nobody there');
  await world.fund(holder, token, '50');
  let expected = 50;
  for (let turn = 0; turn < 6; turn += 1) {
    const movement = await holder.call<Movement>('ledger.request_withdrawal', {
      token_id: token.id,
      amount: '5',
      address: '0x1',
    });
    const outcomes = await Promise.allSettled(
      ['confirmed', 'failed', 'cancelled', 'failed', 'confirmed', 'cancelled'].map((status) =>
        world.worker.call<Movement>('ledger.settle', {
          user_id: holder.id,
          transaction_id: movement.id,
          status,
        }),
      ),
    );
    const settled = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' ? [outcome.value.status] : [],
    );
    expect(settled).toHaveLength(1);
    if (settled[0] === 'confirmed') expected -= 5;
    expect(Number((await world.holding(holder, token)).balance)).toBe(expected);
  }
  expect(await world.unbalanced()).toEqual([]);
});
