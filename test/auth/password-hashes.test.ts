import bcrypt from 'bcryptjs';
import { expect, test } from 'vitest';
import { HashQueueFull, PasswordHashes } from '../../src/auth/password-hashes.ts';
import { cheapArgon2 } from './fixture.ts';

test('a hash verifies its own password and no other', async () => {
  const hashes = await PasswordHashes.create(cheapArgon2);
  const hash = await hashes.hash('correct horse');
  expect(await hashes.verify(hash, 'correct horse')).toBe(true);
  expect(await hashes.verify(hash, 'correct horse ')).toBe(false);
  expect(await hashes.hash('correct horse')).not.toBe(hash);
});

test('without a hash one comparison is made all the same, and nothing is right', async () => {
  const hashes = await PasswordHashes.create(cheapArgon2);
  for (const missing of [undefined, null, '', 'plain text', '$1$md5$crypt'])
    expect(await hashes.verify(missing, 'anything')).toBe(false);
  expect(hashes.work.verified).toBe(5);
});

test('a hash is outdated when function or parameters are not today’s', async () => {
  const hashes = await PasswordHashes.create(cheapArgon2);
  const hash = await hashes.hash('correct horse');
  expect(hashes.isOutdated(hash)).toBe(false);
  for (const change of [{ memoryKiB: 2048 }, { passes: 3 }, { parallelism: 2 }]) {
    const others = await PasswordHashes.create({ ...cheapArgon2, ...change });
    expect(others.isOutdated(hash), JSON.stringify(change)).toBe(true);
    expect(await others.verify(hash, 'correct horse')).toBe(true);
  }
  expect(hashes.isOutdated('$2b$10$abcdefghijklmnopqrstuuMvMrRwFq3F3J9rZs9C4z1J8oVYbnm9G')).toBe(true);
  expect(hashes.isOutdated(hash.replace('argon2id', 'argon2i'))).toBe(true);
});

test('so many are let in as may run or wait, and the rest are turned away', async () => {
  const hashes = await PasswordHashes.create({ ...cheapArgon2, concurrency: 2, queue: 3 });
  let running = 0;
  let most = 0;
  const attempt = () =>
    hashes.admit(async () => {
      running += 1;
      most = Math.max(most, running);
      await hashes.hash('correct horse');
      running -= 1;
    });
  const settled = await Promise.allSettled(Array.from({ length: 9 }, attempt));
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  for (const { status, reason } of settled.filter((one) => one.status === 'rejected')) {
    expect(status).toBe('rejected');
    expect(reason).toBeInstanceOf(HashQueueFull);
  }
  expect(most).toBe(5);
  await attempt();
  expect(hashes.work.hashed).toBe(6);
});

test('so many are computed at once as is allowed, in the order in which they came', async () => {
  // A slow one first: only where two run at once can the quick one overtake it.
  const slow = await bcrypt.hash('correct horse', 11);
  const orderWith = async (concurrency: number): Promise<string[]> => {
    const hashes = await PasswordHashes.create({ ...cheapArgon2, concurrency });
    const order: string[] = [];
    await Promise.all([
      hashes.verify(slow, 'correct horse').then(() => order.push('slow')),
      hashes.verify(null, 'correct horse').then(() => order.push('quick')),
    ]);
    return order;
  };
  expect(await orderWith(1)).toEqual(['slow', 'quick']);
  expect(await orderWith(2)).toEqual(['quick', 'slow']);
});

test('a place is free again after a failure', async () => {
  const hashes = await PasswordHashes.create({ ...cheapArgon2, concurrency: 1, queue: 0 });
  await expect(hashes.admit(() => hashes.verify('$argon2id$broken', 'x'))).rejects.toThrow();
  await expect(hashes.admit(() => hashes.hash('correct horse'))).resolves.toMatch(/^\$argon2id\$/);
});
