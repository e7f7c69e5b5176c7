import { expect, test } from 'vitest';
import { similarNames } from '../../src/cli/similar-names.ts';

const names = ['partitions_maintain', 'peers_sweep', 'peers_snapshot', 'counters_repair', 'voice_sweep'];

test.each([
  ['partition_maintain', ['partitions_maintain']],
  ['sweep', ['peers_sweep', 'voice_sweep']],
  ['repair-counters', ['counters_repair']],
  ['pears_sweep', ['peers_sweep', 'voice_sweep']],
  ['xyzzy', []],
])('%s may mean %j', (given, meant) => {
  expect(similarNames(given, names)).toEqual(meant);
});
