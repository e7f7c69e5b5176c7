/** A program that bench/harness/program.ts keeps for all passes: its figures are its process and the number of a round. */
import { askedRounds, handOver } from '../../bench/harness/program.ts';

const failsAt = Number(process.argv[2]);
let passes = 0;
for await (const { rounds, few } of askedRounds(1)) {
  passes += 1;
  if (passes === failsAt) throw new Error('it fails');
  const numbers = Array.from({ length: rounds.count }, (_, index) => rounds.first + index);
  await handOver({
    comparisons: [
      {
        what: 'a pass',
        unit: 'ms',
        forms: [
          { form: 'rounds', role: 'stoa', figures: numbers },
          { form: 'few', role: 'peer', figures: [few.count] },
          { form: 'process', role: 'limit', figures: numbers.map(() => process.pid) },
        ],
      },
    ],
  });
}
