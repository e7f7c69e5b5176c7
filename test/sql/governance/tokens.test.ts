import { beforeAll, describe, expect, it } from 'vitest';
import { type Holding, type Person, type Scene, scene, type Token } from './scene.ts';

let world: Scene;
let admin: Person;
let member: Person;
beforeAll(async () => {
  world = await scene();
  [admin, member] = [await world.person('admin'), await world.person()];
});

const refused = (reason: string) => ({ detail: reason });

describe('the registry of tokens', () => {
  it('is kept by administrators, and every change is in the audit log', async () => {
    const token = await admin.call<Token>('governance.create_token', {
      symbol: ' AGORA ',
      name: 'Agora',
      network: 'Ethereum',
      contract_address: '0xAbC',
      total_supply: '1000000.000000000000000001',
    });
    expect(token).toMatchObject({ symbol: 'AGORA', network: 'ethereum', contract_address_key: '0xabc' });
    const changed = await admin.call<Token>('governance.update_token', {
      token_id: token.id,
      patch: {
        name: 'The Agora',
        is_active: false,
        circulating_supply: '999999.999999999999999999',
        description: null,
      },
    });
    expect(changed).toMatchObject({
      name: 'The Agora',
      is_active: false,
      total_supply: '1000000.000000000000000001',
      circulating_supply: '999999.999999999999999999',
    });
    expect(await world.auditOf(token.id)).toEqual(['token.create', 'token.update']);
  });

  it('is not for members to write', async () => {
    await expect(member.call('governance.create_token', { symbol: 'X', name: 'X' })).rejects.toMatchObject({
      code: '42501',
    });
  });

  it('has no ticker and no contract twice on a chain, whatever the case, but on two chains', async () => {
    const create = (symbol: string, network: string, contract: string | null = null) =>
      admin.call('governance.create_token', { symbol, name: symbol, network, contract_address: contract });
    await create('POLIS', 'ethereum', '0xDEF');
    await expect(create('polis', 'ethereum')).rejects.toMatchObject(refused('token.symbol_taken'));
    await expect(create('OTHER', 'ethereum', '0xdef')).rejects.toMatchObject(refused('token.contract_taken'));
    await expect(create('polis', 'base', '0xDEF')).resolves.toMatchObject({ network: 'base' });
  });

  it.each([
    [{ decimals: 19 }],
    [{ decimals: null }],
    [{ display_scale: -1 }],
    [{ balance_weight: '-1' }],
    [{ stake_weight: 'NaN' }],
    [{ stake_weight: '100000' }],
    [{ total_supply: '1', circulating_supply: '2' }],
    [{ total_supply: `1${'0'.repeat(60)}` }],
    [{ total_supply: 'Infinity' }],
  ])('refuses figures that do not fit: %j', async (figures) => {
    await expect(
      admin.call('governance.create_token', { symbol: 'ODD', name: 'Odd', ...figures }),
    ).rejects.toMatchObject(refused('token.figures_invalid'));
  });

  it('refuses a patch that it does not understand', async () => {
    const token = await world.token();
    const patch = (patched: object) =>
      admin.call('governance.update_token', { token_id: token.id, patch: patched });
    await expect(patch({ decimals: 2 })).rejects.toMatchObject(refused('input.unknown_key'));
    await expect(patch({ total_supply: 'much' })).rejects.toMatchObject(refused('token.figures_invalid'));
    await expect(patch({ total_supply: null })).rejects.toMatchObject(refused('token.figures_invalid'));
    await expect(patch({ is_active: 'no' })).rejects.toMatchObject(refused('input.malformed'));
    await expect(patch({ image_url: 'javascript:0' })).rejects.toMatchObject(refused('input.malformed'));
    await expect(patch({ name: ' ' })).rejects.toMatchObject(refused('input.empty'));
    await expect(
      admin.call('governance.update_token', { token_id: member.id, patch: {} }),
    ).rejects.toMatchObject(refused('token.unknown'));
  });
});

describe('a holding', () => {
  it('moves between free and staked, and weighs what its token says', async () => {
    const token = await world.token({ balance_weight: '1', stake_weight: '2.5' });
    await world.fund(member, token, '10');
    expect(
      await member.call<Holding>('governance.stake', { token_id: token.id, amount: '4.000000000000000001' }),
    ).toMatchObject({
      balance: '5.999999999999999999',
      staked_balance: '4.000000000000000001',
      // 5.999… + 10.0…025, to 18 places: half an atto is rounded away from zero.
      voting_power: '16.000000000000000002',
    });
    expect(
      await member.call<Holding>('governance.unstake', { token_id: token.id, amount: '4' }),
    ).toMatchObject({ balance: '9.999999999999999999', staked_balance: '0.000000000000000001' });
  });

  it('cannot be staked or unstaked beyond what is there', async () => {
    const token = await world.token();
    const move = (procedure: string, amount: string) =>
      member.call(procedure, { token_id: token.id, amount });
    await expect(move('governance.stake', '1')).rejects.toMatchObject(refused('holding.insufficient'));
    await world.fund(member, token, '1');
    await expect(move('governance.stake', '1.000000000000000001')).rejects.toMatchObject(
      refused('holding.insufficient'),
    );
    await expect(move('governance.unstake', '1')).rejects.toMatchObject(refused('holding.insufficient'));
  });

  it.each(['0', '-1', 'NaN', 'Infinity', '0.001', null])(
    'moves no amount of %s of a token with two decimals',
    async (amount) => {
      const token = await world.token({ decimals: 2 });
      await world.fund(member, token, '5');
      await expect(member.call('governance.stake', { token_id: token.id, amount })).rejects.toMatchObject(
        refused('token.amount_invalid'),
      );
    },
  );

  it('cannot outgrow 60 digits before the point, in units or in power', async () => {
    const nearly = `${'9'.repeat(60)}.${'9'.repeat(18)}`;
    const token = await world.token();
    await world.fund(member, token, nearly);
    expect(await world.holding(member, token)).toMatchObject({ balance: nearly, voting_power: nearly });
    await expect(world.fund(member, token, '1')).rejects.toMatchObject(refused('holding.too_large'));
    await expect(
      admin.call('governance.update_token', { token_id: token.id, patch: { balance_weight: '2' } }),
    ).rejects.toMatchObject(refused('holding.too_large'));
    const heavy = await world.token({ balance_weight: '2' });
    await expect(world.fund(member, heavy, nearly)).rejects.toMatchObject(refused('holding.too_large'));
  });

  it('keeps its power true whoever writes into it', async () => {
    const token = await world.token();
    await world.fund(member, token, '3');
    await world.db.query('update governance.user_tokens set voting_power = 1000 where token_id = $1', [
      token.id,
    ]);
    expect((await world.holding(member, token)).voting_power).toBe('3.000000000000000000');
  });

  it('is weighed anew by the worker, batch by batch, after the weights change', async () => {
    const token = await world.token();
    const holders = await world.people(5);
    for (const holder of holders) await world.fund(holder, token, '2');
    await admin.call('governance.update_token', { token_id: token.id, patch: { balance_weight: '1.5' } });
    const { rows: jobs } = await world.db.query(
      `select key from graphile_worker.jobs where task_identifier = 'governance_recompute_power' and key like '%' || $1`,
      [token.id],
    );
    expect(jobs).toHaveLength(1);

    let batches = 0;
    for (let after: string | null = null; batches === 0 || after !== null; batches += 1) {
      const answer: { recompute_power: string | null } = await world.worker.call(
        'governance.recompute_power',
        {
          token_id: token.id,
          after,
          limit: 2,
        },
      );
      after = answer.recompute_power;
    }
    expect(batches).toBe(3);
    for (const holder of holders) {
      expect((await world.holding(holder, token)).voting_power).toBe('3.000000000000000000');
    }
  });

  it('is shown to others as power alone, the largest first, page by page', async () => {
    const token = await world.token();
    const holders = await world.people(5);
    const amounts = ['5', '7', '7', '1', '9.000000000000000001'];
    for (const [index, holder] of holders.entries()) await world.fund(holder, token, amounts[index] ?? '1');
    const seen: { user_id: string; voting_power: string }[] = [];
    for (let after: string | undefined; seen.length < 5; ) {
      const page: typeof seen = await member.list('governance.top_holders', {
        token_id: token.id,
        first: 2,
        ...(after ? { after } : {}),
      });
      seen.push(...page);
      const last = page.at(-1);
      after = `${last?.voting_power}:${last?.user_id}`;
    }
    expect(seen.map((row) => row.voting_power)).toEqual([
      '9.000000000000000001',
      '7.000000000000000000',
      '7.000000000000000000',
      '5.000000000000000000',
      '1.000000000000000000',
    ]);
    expect(new Set(seen.map((row) => row.user_id)).size).toBe(5);
    expect(Object.keys(seen[0] ?? {})).toEqual(['user_id', 'voting_power']);
    await expect(
      member.list('governance.top_holders', { token_id: token.id, after: 'somewhere' }),
    ).rejects.toMatchObject(refused('input.malformed'));
  });

  it('of a retired token is known to its holders, not to others', async () => {
    const token = await world.token();
    const holder = await world.person();
    await world.fund(holder, token, '1');
    await admin.call('governance.update_token', { token_id: token.id, patch: { is_active: false } });
    const ask = (who: Person) => who.list('governance.top_holders', { token_id: token.id });
    expect(await ask(holder)).toHaveLength(1);
    await expect(ask(await world.person())).rejects.toMatchObject(refused('token.unknown'));
  });
});
