import { cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly kernel: string;
  readonly node: string;
  readonly postgres: string;
  /** Of the last 1, 5 and 15 minutes: above the number of cores, others had a part of the machine. */
  readonly load: readonly number[];
}

export function describeThisMachine(postgres: string): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    postgres,
    load: loadavg().map((figure) => Number(figure.toFixed(1))),
  };
}

export function machineLine(machine: Machine): string {
  return (
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGB} GB; PostgreSQL ${machine.postgres}, ` +
    `Node ${machine.node}; load average ${machine.load.map((figure) => figure.toFixed(1)).join(' ')}`
  );
}
