import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { UsageError } from './options.ts';
import { ratioToOurs } from './ratio.ts';
import { summarise } from './statistics.ts';

const formForm = z.object({
  form: z.string(),
  role: z.enum(['stoa', 'peer', 'limit']),
  figures: z.array(z.number()).min(1),
});

const comparisonForm = z.object({
  what: z.string(),
  size: z.string().optional(),
  unit: z.enum(['ms', 'per second', 'bytes', 'MB', 'MB/s']),
  forms: z.array(formForm).min(1),
});

/** A report as a program hands it to the runner, and as a result keeps it. */
export const reportForm = z.object({
  comparisons: z.array(comparisonForm),
  plans: z.array(z.object({ of: z.string(), text: z.string() })).optional(),
  notes: z.array(z.string()).optional(),
  output: z.string().optional(),
});

const machineForm = z.object({
  cpu: z.string(),
  cores: z.number(),
  memoryGB: z.number(),
  kernel: z.string(),
  node: z.string(),
  postgres: z.string(),
  load: z.array(z.number()).readonly(),
});

const yardstickForm = z.object({ what: z.string(), figures: z.array(z.number()).min(1) });

const benchForm = z.object({
  name: z.string(),
  summary: z.string(),
  machine: machineForm,
  /** What the machine took for work that never changes, before the bench, once a pass; none in older files. */
  yardsticks: z.array(yardstickForm).readonly().default([]),
  elapsedMs: z.number(),
  report: reportForm.optional(),
  /** Why there is no report. */
  failed: z.string().optional(),
});

const runForm = z.object({
  /** When it began. */
  at: z.string(),
  elapsedMs: z.number(),
  rounds: z.number(),
  /** Older files are of one. */
  passes: z.number().default(1),
  scale: z.number(),
  members: z.number(),
  ballots: z.number(),
  seconds: z.number(),
  benches: z.array(benchForm),
});

export type BenchResult = z.infer<typeof benchForm>;
/** All that a run has measured. */
export type RunResult = z.infer<typeof runForm>;

/** A saved result. Refuses a file that is none in a sentence. */
export function readResult(path: string): RunResult {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const told = runForm.safeParse(content);
  if (!told.success)
    throw new UsageError(`${path} is not what --json prints: ${z.prettifyError(told.error)}`);
  return told.data;
}

/** The figures, and what the table works out of them. */
export function forMachines(run: RunResult): object {
  return {
    ...run,
    benches: run.benches.map((bench) => ({
      ...bench,
      ...(bench.report && {
        report: {
          ...bench.report,
          comparisons: bench.report.comparisons.map((comparison) => ({
            ...comparison,
            forms: comparison.forms.map((measured) => ({
              ...measured,
              ...summarise(measured.figures),
              ratioToOurs: ratioToOurs(comparison, measured) ?? null,
            })),
          })),
        },
      }),
    })),
  };
}

export function saveResult(path: string, run: RunResult): void {
  writeFileSync(path, `${JSON.stringify(forMachines(run), undefined, 2)}\n`);
}
