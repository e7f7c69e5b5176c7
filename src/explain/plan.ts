import { z } from 'zod';

/** A node of `explain (analyze, buffers, format json)`, as far as it is judged. */
export interface PlanNode {
  readonly type: string;
  readonly relation: string | undefined;
  readonly index: string | undefined;
  /** Rows of one loop. */
  readonly plannedRows: number;
  /** Rows of one loop, on average. */
  readonly actualRows: number;
  readonly removedRows: number;
  readonly loops: number;
  readonly blocks: number;
  readonly children: readonly PlanNode[];
}

interface RawNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string | undefined;
  readonly Schema?: string | undefined;
  readonly 'Index Name'?: string | undefined;
  readonly 'Plan Rows': number;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number | undefined;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly RawNode[] | undefined;
}

const nodeShape: z.ZodType<RawNode> = z.lazy(() =>
  z.object({
    'Node Type': z.string(),
    'Relation Name': z.string().optional(),
    Schema: z.string().optional(),
    'Index Name': z.string().optional(),
    'Plan Rows': z.number(),
    'Actual Rows': z.number(),
    'Actual Loops': z.number(),
    'Rows Removed by Filter': z.number().optional(),
    'Shared Hit Blocks': z.number(),
    'Shared Read Blocks': z.number(),
    Plans: z.array(nodeShape).optional(),
  }),
);

const answerShape = z
  .tuple([z.object({ Plan: nodeShape, 'Execution Time': z.number() })])
  .transform(([answer]) => answer);

function nodeOf(raw: RawNode): PlanNode {
  return {
    type: raw['Node Type'],
    relation: raw['Relation Name'],
    index: raw['Index Name'],
    plannedRows: raw['Plan Rows'],
    actualRows: raw['Actual Rows'],
    removedRows: raw['Rows Removed by Filter'] ?? 0,
    loops: raw['Actual Loops'],
    blocks: raw['Shared Hit Blocks'] + raw['Shared Read Blocks'],
    children: (raw.Plans ?? []).map(nodeOf),
  };
}

/** What PostgreSQL answers to an EXPLAIN in JSON. */
export function parsePlan(answer: unknown): { readonly root: PlanNode; readonly milliseconds: number } {
  const { Plan, 'Execution Time': milliseconds } = answerShape.parse(answer);
  return { root: nodeOf(Plan), milliseconds };
}

/** A fault of a plan that will be felt when there is more data. */
export interface PlanFault {
  readonly kind: 'sequential scan' | 'sort under limit' | 'wrong estimate';
  readonly what: string;
}

const mostScanned = 10_000;
/** Below that, sorting a page is cheaper than an index in its order, and the planner is right to sort. */
const worthSorting = 1_000;
const farOff = 10;
/** Fewer rows than that are too few for a wrong estimate to matter. */
const worthEstimating = 100;

export function faultsOf(root: PlanNode): readonly PlanFault[] {
  const found: PlanFault[] = [];
  const visit = (node: PlanNode, limit: PlanNode | undefined): void => {
    const rows = node.actualRows * node.loops;
    const read = (node.actualRows + node.removedRows) * node.loops;
    const on = node.relation === undefined ? '' : ` on ${node.relation}`;
    const number = (value: number): string => Math.round(value).toLocaleString('en');
    if (node.type === 'Seq Scan' && read > mostScanned) {
      found.push({ kind: 'sequential scan', what: `${node.type}${on} reads ${number(read)} rows` });
    }
    if (node.type === 'Sort' && limit !== undefined) {
      const sorted = node.children.reduce((sum, child) => sum + child.actualRows * child.loops, 0);
      if (sorted >= worthSorting && sorted > limit.actualRows * limit.loops) {
        found.push({
          kind: 'sort under limit',
          what: `${number(sorted)} rows are sorted to hand out ${number(limit.actualRows * limit.loops)}: no index has that order`,
        });
      }
    }
    // Under a limit a node stops early, so fewer rows than planned say nothing.
    const stopsEarly = limit !== undefined && node.actualRows < node.plannedRows;
    const [low, high] = [node.plannedRows, node.actualRows].sort((a, b) => a - b);
    if (
      node.loops > 0 &&
      !stopsEarly &&
      (high ?? 0) >= worthEstimating &&
      (high ?? 0) > farOff * Math.max(low ?? 0, 1)
    ) {
      found.push({
        kind: 'wrong estimate',
        what: `${node.type}${on} gives ${number(node.actualRows)} rows, ${number(node.plannedRows)} were planned`,
      });
    }
    const below = node.type === 'Limit' ? node : limit;
    for (const child of node.children) visit(child, rows === 0 && node.loops === 0 ? undefined : below);
  };
  visit(root, undefined);
  return found;
}

/** What of a plan is kept and compared: which nodes, on what, by which index. Figures change with the data. */
export interface PlanShape {
  readonly node: string;
  readonly children: readonly PlanShape[];
}

const partitionPeriod = /_(?:history|\d{4}_\d\d(?:_\d\d)?)(?=$|_)/;

const isPartition = ({ relation }: PlanNode): boolean =>
  relation !== undefined && partitionPeriod.test(relation);

/** Without the partitions that hold hardly anything of what is asked for: how they are read does not matter. */
function tellingChildren(children: readonly PlanNode[]): readonly PlanNode[] {
  const reads = (node: PlanNode): number => (node.actualRows + node.removedRows) * node.loops;
  const most = Math.max(0, ...children.filter(isPartition).map(reads));
  return children.filter((child) => !isPartition(child) || reads(child) * 10 >= most);
}

/** An index of a partition is read in either way, depending on how much of that month is asked for. */
function asOneScan(node: PlanNode): PlanNode {
  const [child, ...others] = node.children;
  return node.type === 'Bitmap Heap Scan' && child?.type === 'Bitmap Index Scan' && isPartition(node)
    ? { ...node, type: 'Index Scan', index: child.index, children: others }
    : node;
}

/**
 * Partitions come and go with the calendar: their names are left out, like ones are told once, and those that
 * give less than a tenth of what the largest gives are not told: at the turn of a month every new one is small.
 */
export function shapeOf(given: PlanNode): PlanShape {
  const node = asOneScan(given);
  const place = (name: string | undefined): string | undefined => name?.replace(partitionPeriod, '_*');
  const index = place(node.index);
  const relation = place(node.relation);
  const label = [
    node.type,
    ...(index === undefined ? [] : [`using ${index}`]),
    ...(relation === undefined ? [] : [`on ${relation}`]),
  ].join(' ');
  const children: PlanShape[] = [];
  for (const child of tellingChildren(node.children).map(shapeOf)) {
    if (!children.some((other) => JSON.stringify(other) === JSON.stringify(child))) children.push(child);
  }
  return { node: label, children };
}

export function shapeLines(shape: PlanShape, depth = 0): readonly string[] {
  return [
    `${'  '.repeat(depth)}${shape.node}`,
    ...shape.children.flatMap((child) => shapeLines(child, depth + 1)),
  ];
}
