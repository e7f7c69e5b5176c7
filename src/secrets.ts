import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Config, extendConfig } from './config.ts';
import { dataFolder, ensureDataFolder, inDataFolder, readShaped, writeJson } from './data-folder.ts';
import { exitCodes, StoaError } from './errors.ts';

const shape = z.object({
  /** Passwords of the embedded server, by role. */
  postgres: z.record(z.string(), z.string()).default({}),
  /** 32 bytes, base64. */
  secretKey: z
    .string()
    .refine((text) => Buffer.from(text, 'base64').length === 32)
    .optional(),
  demoPassword: z.string().optional(),
});

export interface Secrets {
  readonly secretKey: Buffer;
  readonly demoPassword: string;
  passwordOf(role: string): string;
}

/** 24 characters of URL-safe base64: 144 bits. */
function newPassword(): string {
  return randomBytes(18).toString('base64url');
}

/** What was generated for this installation; what is missing is made and kept. */
export function loadSecrets(dataDir: string, roles: readonly string[] = []): Secrets {
  ensureDataFolder(dataDir);
  const { secrets: path } = dataFolder(dataDir);
  return inDataFolder(dataDir, () => {
    const kept = readShaped(path, shape) ?? shape.parse({});
    const complete = {
      postgres: { ...Object.fromEntries(roles.map((role) => [role, newPassword()])), ...kept.postgres },
      secretKey: kept.secretKey ?? randomBytes(32).toString('base64'),
      demoPassword: kept.demoPassword ?? newPassword().replace(/[-_]/g, 'x').slice(0, 16),
    };
    if (JSON.stringify(complete) !== JSON.stringify(kept)) writeJson(path, complete);
    return {
      secretKey: Buffer.from(complete.secretKey, 'base64'),
      demoPassword: complete.demoPassword,
      passwordOf(role) {
        const password = complete.postgres[role];
        if (password === undefined) throw new Error(`no password was generated for the role ${role}`);
        return password;
      },
    };
  });
}

/**
 * The configuration of a process that signs people in: with the key that encrypts second-factor secrets. An
 * installation on a server of its own may have several API processes, which must agree on it, so in production it is
 * set and not generated.
 */
export function withSecretKey<Given extends Config>(
  config: Given,
  isEmbedded: boolean,
): Given & { secretKey: Buffer } {
  if (config.secretKey) return extendConfig(config, { secretKey: config.secretKey });
  if (config.environment === 'production' && !isEmbedded) {
    throw new StoaError('config.secret_key', 'STOA_SECRET_KEY is not set, and production needs it.', {
      cure: 'Make one with "openssl rand -base64 32", keep it safe, and set STOA_SECRET_KEY or STOA_SECRET_KEY_FILE.',
      exitCode: exitCodes.configuration,
    });
  }
  return extendConfig(config, { secretKey: loadSecrets(config.dataDir).secretKey });
}
