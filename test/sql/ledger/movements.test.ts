import { beforeAll, describe, expect, it } from 'vitest';
import { type Movement, type Person, type Scene, scene, type Token } from '../governance/scene.ts';
import { reasonOf, refusal } from '../refusal.ts';

let world: Scene;
let ada: Person;
let ben: Person;
let token: Token;
beforeAll(async () => {
  world = await scene();
  [ada, ben] = [await world.person(), await world.person()];
  token = await world.token({ decimals: 6 });
  await world.fund(ada, token, '100');
});

const balance = async (person: Person, of = token) => (await world.holding(person, of)).balance;
const transfer = (from: Person, to: string, amount: string | null, more: Record<string, unknown> = {}) =>
  from.call<Movement>('ledger.transfer', { to_user_id: to, token_id: token.id, amount, ...more });
const withdraw = (from: Person, amount: string, more: Record<string, unknown> = {}) =>
  from.call<Movement>('ledger.request_withdrawal', { token_id: token.id, amount, address: '0xAbC', ...more });
const settle = (movement: Movement, status: string | null, more: Record<string, unknown> = {}) =>
  world.worker.call<Movement>('ledger.settle', {
    user_id: movement.user_id,
    transaction_id: movement.id,
    status,
    ...more,
  });

describe('a transfer', () => {
  it('has two legs that cancel out, and each side reads its own', async () => {
    const leg = await transfer(ada, ben.id, '30.5', { description: 'For lunch' });
    expect(leg).toMatchObject({
      user_id: ada.id,
      counterparty_id: ben.id,
      amount: '-30.500000000000000000',
      type: 'transfer',
      status: 'confirmed',
      currency: token.symbol,
    });
    const legsOf = (who: Person) =>
      who.read('select user_id, amount, description from ledger.transactions where transfer_id = $1', [
        leg.transfer_id,
      ]);
    expect(await legsOf(ada)).toEqual([
      { user_id: ada.id, amount: '-30.500000000000000000', description: 'For lunch' },
    ]);
    expect(await legsOf(ben)).toEqual([
      { user_id: ben.id, amount: '30.500000000000000000', description: 'For lunch' },
    ]);
    expect([await balance(ada), await balance(ben)]).toEqual([
      '69.500000000000000000',
      '30.500000000000000000',
    ]);
  });

  it('takes no more than the free balance', async () => {
    const before = await balance(ada);
    await ada.call('governance.stake', { token_id: token.id, amount: '9.5' });
    expect(await refusal(transfer(ada, ben.id, '60.000001'))).toMatchObject({
      sqlstate: 'ST409',
      reason: 'holding.insufficient',
    });
    expect(await reasonOf(transfer(await world.person(), ben.id, '1'))).toBe('holding.insufficient');
    await ada.call('governance.unstake', { token_id: token.id, amount: '9.5' });
    expect(await balance(ada)).toBe(before);
  });

  it.each(['0', '-5', '0.0000001', 'NaN', 'Infinity', null])('moves no amount of %s', async (amount) => {
    expect(await reasonOf(transfer(ada, ben.id, amount))).toBe('token.amount_invalid');
  });

  it('goes to somebody else, who is there', async () => {
    expect(await reasonOf(transfer(ada, ada.id, '1'))).toBe('transfer.to_self');
    expect(await reasonOf(transfer(ada, token.id, '1'))).toBe('user.unknown');
    const gone = await world.person();
    await world.db.query('update core.users set deleted_at = now() where id = $1', [gone.id]);
    expect(await reasonOf(transfer(ada, gone.id, '1'))).toBe('user.unknown');
  });

  it('happens once for one key, and another transfer needs another key', async () => {
    const before = await balance(ben);
    const first = await transfer(ada, ben.id, '1', { key: 'lunch' });
    expect(await transfer(ada, ben.id, '1', { key: 'lunch' })).toEqual(first);
    expect(Number(await balance(ben)) - Number(before)).toBe(1);
    expect(await refusal(transfer(ada, ben.id, '2', { key: 'lunch' }))).toMatchObject({
      sqlstate: 'ST409',
      reason: 'idempotency.mismatch',
    });
  });
});

describe('a withdrawal', () => {
  it('is debited at once, and stays so when it is confirmed', async () => {
    const before = Number(await balance(ada));
    const movement = await withdraw(ada, '5', { key: 'out' });
    expect(movement).toMatchObject({
      status: 'pending',
      amount: '-5.000000000000000000',
      metadata: { address: '0xAbC' },
    });
    expect((await withdraw(ada, '5', { key: 'out' })).id).toBe(movement.id);
    expect(Number(await balance(ada))).toBe(before - 5);
    expect(await settle(movement, 'confirmed', { transaction_hash: '0xFEED' })).toMatchObject({
      status: 'confirmed',
      transaction_hash: '0xfeed',
    });
    expect(Number(await balance(ada))).toBe(before - 5);
  });

  it.each(['failed', 'cancelled'])('is given back when it %s', async (status) => {
    const before = await balance(ada);
    const movement = await withdraw(ada, '5');
    expect(await settle(movement, status)).toMatchObject({ status });
    expect(await balance(ada)).toBe(before);
    expect(await world.unbalanced()).toEqual([]);
  });

  it('cannot take what is not there, nor go to no address', async () => {
    expect(await reasonOf(withdraw(ben, '1000'))).toBe('holding.insufficient');
    expect(await reasonOf(withdraw(ben, '1', { address: 'Main Street 1' }))).toBe(
      'withdrawal.address_invalid',
    );
    expect(await reasonOf(withdraw(ben, '1', { address: null }))).toBe('withdrawal.address_invalid');
  });

  it('is settled once, as something', async () => {
    const movement = await withdraw(ada, '1');
    expect(await reasonOf(settle(movement, 'pending'))).toBe('transaction.status_invalid');
    expect(await reasonOf(settle(movement, null))).toBe('transaction.status_invalid');
    expect(await reasonOf(settle(movement, 'failed', { transaction_hash: '0x1' }))).toBe(
      'transaction.status_invalid',
    );
    expect(await reasonOf(settle({ ...movement, id: ada.id }, 'failed'))).toBe('transaction.unknown');
    await settle(movement, 'confirmed');
    expect(await refusal(settle(movement, 'failed'))).toMatchObject({
      sqlstate: 'ST409',
      reason: 'transaction.settled',
    });
  });
});

describe('a deposit', () => {
  const deposit = (event: Record<string, unknown> = {}) =>
    world.worker.call<Movement>('ledger.record_deposit', {
      user_id: ben.id,
      token_id: token.id,
      amount: '7',
      network: 'testnet',
      transaction_hash: '0xD1',
      ...event,
    });

  it('is credited once for an event, however it is spelt and reported', async () => {
    const before = Number(await balance(ben));
    const first = await deposit();
    expect(first).toMatchObject({ status: 'confirmed', type: 'deposit', transaction_hash: '0xd1' });
    expect((await deposit({ transaction_hash: '0xd1' })).id).toBe(first.id);
    expect((await deposit({ user_id: ada.id, amount: '9' })).id).toBe(first.id);
    expect(Number(await balance(ben))).toBe(before + 7);
    expect((await deposit({ log_index: 1 })).id).not.toBe(first.id);
    expect(Number(await balance(ben))).toBe(before + 14);
    expect(await ben.read('select log_index from ledger.chain_receipts order by 1')).toEqual([
      { log_index: 0 },
      { log_index: 1 },
    ]);
  });

  it('is refused when it makes no sense', async () => {
    expect(await reasonOf(deposit({ network: 'mainnet', transaction_hash: '0xD2' }))).toBe(
      'deposit.event_invalid',
    );
    expect(await reasonOf(deposit({ log_index: -1 }))).toBe('deposit.event_invalid');
    expect(await reasonOf(deposit({ amount: '0', transaction_hash: '0xD2' }))).toBe('token.amount_invalid');
    expect(await reasonOf(deposit({ user_id: token.id, transaction_hash: '0xD2' }))).toBe('user.unknown');
    expect(await reasonOf(deposit({ token_id: ben.id, transaction_hash: '0xD2' }))).toBe('token.unknown');
    expect(await reasonOf(deposit({ transaction_hash: ' ' }))).toBe('input.empty');
  });

  it('that waits for its confirmation counts when it has it', async () => {
    const before = Number(await balance(ben));
    const [waiting] = await world.rows<Movement>(
      `insert into ledger.transactions (user_id, token_id, type, amount, currency) values ($1, $2, 'deposit', 3, 'T') returning *`,
      [ben.id, token.id],
    );
    if (!waiting) throw new Error('nothing inserted');
    expect(Number(await balance(ben))).toBe(before);
    await settle(waiting, 'confirmed');
    expect(Number(await balance(ben))).toBe(before + 3);
    expect(await reasonOf(settle(waiting, 'failed'))).toBe('transaction.settled');
  });
});

describe('the ledger', () => {
  it('only grows: no movement changes or goes, whoever tries', async () => {
    const leg = await transfer(ada, ben.id, '1', { description: 'Private' });
    const where = `where user_id = '${leg.user_id}' and id = '${leg.id}'`;
    for (const change of [
      'amount = 5',
      `status = 'failed'`,
      'counterparty_id = user_id',
      `description = 'Other'`,
      `metadata = '{"a": 1}'`,
    ]) {
      expect(await reasonOf(world.db.query(`update ledger.transactions set ${change} ${where}`))).toBe(
        'transaction.settled',
      );
    }
    const pending = await withdraw(ada, '1');
    expect(
      await reasonOf(
        world.db.query('update ledger.transactions set amount = amount + 1 where id = $1', [pending.id]),
      ),
    ).toBe('transaction.settled');
    await world.db.query(`update ledger.transactions set description = null ${where}`);
    for (const statement of [
      `delete from ledger.transactions ${where}`,
      'truncate ledger.transactions cascade',
      'truncate parts.ledger_transactions_history cascade',
    ]) {
      await expect(world.db.query(statement)).rejects.toMatchObject({ code: '23001' });
    }
    expect(await world.unbalanced()).toEqual([]);
  });

  it('shows where a holding is not what its movements add up to', async () => {
    const strange = await world.token();
    await world.fund(ben, strange, '4');
    await world.db.query('update governance.user_tokens set balance = 5 where token_id = $1', [strange.id]);
    expect(await world.unbalanced()).toEqual([
      { user_id: ben.id, token_id: strange.id, held: '5.000000000000000000', moved: '4.000000000000000000' },
    ]);
    await world.db.query('update governance.user_tokens set balance = 4 where token_id = $1', [strange.id]);
  });

  it('has its partitions made ahead by the month', async () => {
    const { rows } = await world.db.query(
      `select count(*)::int as partitions from pg_inherits where inhparent = 'ledger.transactions'::regclass`,
    );
    expect(rows).toEqual([{ partitions: 5 }]);
  });
});
