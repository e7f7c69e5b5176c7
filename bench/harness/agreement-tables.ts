import { type Row, table } from '../../src/cli/output.ts';
import type {
  Agreement,
  Place,
  RatioAgreement,
  RunAgreement,
  TwoRuns,
  YardstickAgreement,
} from './agreement.ts';
import { shown, spread } from './report.ts';

const judged = ({ isWithin: agrees, doSpreadsMeet: meet }: TwoRuns): string[] => [
  agrees ? 'yes' : 'no',
  meet ? 'meet' : 'apart',
];

const counted = (all: readonly TwoRuns[]) => ({
  within: all.filter((each) => each.isWithin).length,
  meeting: all.filter((each) => each.doSpreadsMeet).length,
});

/** Under a line for each comparison: the forms would be cut where that had columns of its own. */
function grouped<Each extends Place>(all: readonly Each[], rowOf: (each: Each) => Row): Row[] {
  return all.flatMap((each, index) => {
    const before = all[index - 1];
    const row = rowOf(each);
    return before?.bench === each.bench && before.what === each.what
      ? [row]
      : [[`${each.bench}: ${each.what}`], row];
  });
}

function figureTable(figures: readonly Agreement[]): string {
  const rows = grouped(figures, (figure) => [
    `  ${figure.form}`,
    shown(figure.earlier.median),
    spread(figure.earlier),
    shown(figure.now.median),
    Number.isFinite(figure.ratio) ? `${shown(figure.ratio)}×` : '',
    ...judged(figure),
  ]);
  const { within, meeting } = counted(figures);
  return [
    table(['form', 'earlier', 'min–max', 'now', 'ratio', 'within', 'spreads'], rows, { right: [1, 2, 3, 4] }),
    '',
    `${within} of ${figures.length} figures lie within the spread of the earlier run: the median of this one between`,
    `the lowest and the highest of its rounds. Of ${meeting} the spreads of both runs meet.`,
    'Ratio: median of this run through that of the earlier one.',
  ].join('\n');
}

function ratioTable(ratios: readonly RatioAgreement[]): string {
  const rows = grouped(ratios, (each) => [
    `  ${each.form}`,
    `${shown(each.earlier.median)}×`,
    spread(each.earlier),
    `${shown(each.now.median)}×`,
    spread(each.now),
    ...judged(each),
  ]);
  const { within, meeting } = counted(ratios);
  return [
    'How many times better ours is than a form, of each round:',
    '',
    table(['beside', 'earlier', 'min–max', 'now', 'min–max', 'within', 'spreads'], rows, {
      right: [1, 2, 3, 4],
    }),
    '',
    `${within} of ${ratios.length} ratios lie within the spread of the earlier run. Of ${meeting} the spreads of both runs meet.`,
  ].join('\n');
}

function yardstickTable(yardsticks: readonly YardstickAgreement[]): string {
  const rows = yardsticks.map((each) => [
    each.what,
    shown(each.earlier.median),
    spread(each.earlier),
    shown(each.now.median),
    spread(each.now),
    `${shown(each.ratio)}×`,
    ...judged(each),
  ]);
  const isSame = yardsticks.every((each) => each.isWithin);
  return [
    table(['fixed work, ms', 'earlier', 'min–max', 'now', 'min–max', 'ratio', 'within', 'spreads'], rows, {
      right: [1, 2, 3, 4, 5],
    }),
    '',
    isSame
      ? 'Work that is no part of Stoa took what it took in the earlier run.'
      : 'Work that is no part of Stoa took another time than in the earlier run: so did the machine.',
  ].join('\n');
}

export function describeAgreement({ figures, ratios, yardsticks, unmatched }: RunAgreement): string {
  const parts = [
    ...(yardsticks.length > 0 ? [yardstickTable(yardsticks)] : []),
    figureTable(figures),
    ...(ratios.length > 0 ? [ratioTable(ratios)] : []),
  ];
  if (unmatched.length > 0) {
    parts.push(`In one of the two only:\n${unmatched.map((key) => `  ${key}`).join('\n')}`);
  }
  return parts.join('\n\n');
}
