import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const evidence = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

export const drillReportShape = z.strictObject({
  format: z.literal(1),
  verdict: z.enum(['passed', 'failed']),
  backup: z.string(),
  /** What was recovered to, for people. */
  target: z.string(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  stoa: z.string(),
  server: z.string().nullable(),
  timeline: z.int().nullable(),
  /** Recovery point: what would have been lost. */
  rpo: z.strictObject({
    seconds: z.number().nullable(),
    lastTransactionAt: z.string().nullable(),
    /** Why there is no figure. Reports of before have none. */
    reason: z.string().nullable().optional(),
  }),
  /** Recovery time: what it would have taken, in seconds. */
  rto: z.strictObject({
    unpack: z.number(),
    log: z.number(),
    recover: z.number(),
    finish: z.number(),
    checks: z.number(),
    total: z.number(),
  }),
  bytes: z.number().nullable(),
  walFiles: z.number().nullable(),
  checks: z.array(
    z.strictObject({
      name: z.string(),
      shows: z.string(),
      state: z.enum(['passed', 'failed', 'skipped']),
      evidence,
      findings: z.array(z.string()),
      elapsedMs: z.number(),
    }),
  ),
  notTested: z.array(z.string()),
  failure: z.string().nullable(),
});
export type DrillReport = z.infer<typeof drillReportShape>;

const signedShape = z.strictObject({
  report: drillReportShape,
  signature: z.strictObject({
    algorithm: z.literal('Ed25519'),
    /** Of the JSON text of the report without white space, in base64. */
    value: z.string(),
    /** SubjectPublicKeyInfo, in base64. */
    publicKey: z.string(),
  }),
});
export type SignedReport = z.infer<typeof signedShape>;

/** The private key with which this installation signs what its drills found, made when it is first needed. */
export function drillKeyPem(dataDir: string): string {
  const path = join(dataDir, 'drill-key.pem');
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
  }
  return readFileSync(path, 'utf8');
}

export function signReport(report: DrillReport, privateKeyPem: string): SignedReport {
  const key = createPrivateKey(privateKeyPem);
  const value = sign(null, Buffer.from(JSON.stringify(report)), key).toString('base64');
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  return { report, signature: { algorithm: 'Ed25519', value, publicKey } };
}

/** Whether nothing of it was changed since it was signed with the key that it names. Compare that key with the one you know. */
export function isReportGenuine(text: string): boolean {
  const parsed = signedShape.safeParse(JSON.parse(text));
  if (!parsed.success) return false;
  const { report, signature } = parsed.data;
  const key = createPublicKey({
    key: Buffer.from(signature.publicKey, 'base64'),
    type: 'spki',
    format: 'der',
  });
  return verify(null, Buffer.from(JSON.stringify(report)), key, Buffer.from(signature.value, 'base64'));
}

/** What no drill can show, whatever it checked. */
export const beyondAnyDrill: readonly string[] = [
  'That the private key is there when this machine is not: keep a copy of it elsewhere.',
  'Uploads and archives, which lie in a storage of their own.',
  'Restoring onto the machine, the network and the names of production, and how fast it is under its load.',
  'Other databases of the cluster than that of Stoa, beyond their page checksums.',
];
