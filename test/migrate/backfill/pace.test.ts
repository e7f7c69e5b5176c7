import { describe, expect, it } from 'vitest';
import { halfOf, nextBatchSize, restAfter } from '../../../src/migrate/backfill/pace.ts';

const calm = { lagBytes: null, isMaintained: false };
const batch = { elapsedMs: 200, targetMs: 200, waiters: 0 };
const limit = 64 * 1024 * 1024;

describe('the size of the next batch', () => {
  it('stays where a batch takes the time that it should', () => {
    expect(nextBatchSize(500, batch)).toBe(500);
  });

  it('goes towards the target, at most to the double or the half', () => {
    expect(nextBatchSize(500, { ...batch, elapsedMs: 160 })).toBe(625);
    expect(nextBatchSize(500, { ...batch, elapsedMs: 1 })).toBe(1_000);
    expect(nextBatchSize(500, { ...batch, elapsedMs: 5_000 })).toBe(250);
  });

  it('is halved when somebody waited, however quick the batch was', () => {
    expect(nextBatchSize(500, { ...batch, elapsedMs: 10, waiters: 1 })).toBe(250);
  });

  it('is between one row and fifty thousand', () => {
    expect(halfOf(1)).toBe(1);
    expect(nextBatchSize(1, { ...batch, elapsedMs: 9_000 })).toBe(1);
    expect(nextBatchSize(40_000, { ...batch, elapsedMs: 1 })).toBe(50_000);
  });
});

describe('the rest after a batch', () => {
  it('is short while nothing else goes on', () => {
    expect(restAfter(batch, calm, limit)).toEqual({ ms: 50, isStop: false, reason: undefined });
  });

  it('is long after somebody waited, and while the table is being vacuumed', () => {
    expect(restAfter({ ...batch, waiters: 2 }, calm, limit)).toMatchObject({
      ms: 800,
      reason: '2 waited for its locks',
    });
    expect(restAfter(batch, { ...calm, isMaintained: true }, limit)).toMatchObject({
      ms: 800,
      isStop: false,
    });
  });

  it('lasts until a standby is no further behind than it may be', () => {
    expect(restAfter(batch, { ...calm, lagBytes: limit }, limit).isStop).toBe(false);
    expect(restAfter(batch, { ...calm, lagBytes: limit * 2 }, limit)).toMatchObject({
      isStop: true,
      reason: 'a standby is 128 MB behind',
    });
  });
});
