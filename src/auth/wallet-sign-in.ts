import { type AuthDependencies, type Device, whenAdmitted } from './dependencies.ts';
import { confirmPassword } from './password-policy.ts';
import { afterFirstFactor, type SignIn } from './password-sign-in.ts';
import { openSession } from './sessions.ts';
import {
  chainIds,
  isSignedBy,
  isWalletAddress,
  newWalletChallenge,
  readWalletMessage,
  type SignedMessage,
} from './wallet-message.ts';

/** A challenge and what the wallet made of it. */
export interface WalletSignature {
  readonly message: string;
  readonly signature: string;
}

/** As long as the row in auth.wallet_challenges is valid. */
const challengeLifetimeMs = 5 * 60_000;

export function walletSignIn(dependencies: AuthDependencies) {
  const { database, hashes, site, now } = dependencies;

  /** Who signed, where message, time and signature are right. Only the database knows whether we asked for it. */
  const signerOf = async ({ message, signature }: WalletSignature): Promise<SignedMessage> => {
    const signed = readWalletMessage(site, message, now());
    if (!signed) return database.refuse('wallet.message_invalid');
    if (!(await isSignedBy(signed.address, message, signature)))
      return database.refuse('wallet.signature_wrong');
    return signed;
  };

  const confirmPin = (userId: string, pinHash: string, pin: string): Promise<void> =>
    whenAdmitted(dependencies, async () => {
      await database.rows('select auth.count_pin_attempt($1)', [userId]);
      if (!(await hashes.verify(pinHash, pin))) await database.refuse('wallet.pin_wrong');
    });

  return {
    /** The text for a wallet to sign; the same answer for a wallet that nobody has. */
    async createWalletChallenge(
      network: string,
      address: string,
      device: Device,
    ): Promise<{ readonly message: string; readonly expiresAt: Date }> {
      if (!Object.hasOwn(chainIds, network)) return database.refuse('wallet.network_unknown');
      if (!isWalletAddress(address)) return database.refuse('wallet.address_malformed');
      const { nonce, message } = newWalletChallenge(site, network, address, challengeLifetimeMs, now());
      const row = await database.one<{ expires_at: Date }>(
        'select auth.wallet_challenge($1, $2, $3, $4, $5) as expires_at',
        [network, address, nonce, message, device.ip ?? null],
      );
      return { message, expiresAt: row.expires_at };
    },

    /** A wallet that nobody has gets an anonymous account, which can be completed later. */
    async signInWithWallet(
      signed: WalletSignature,
      pin: string | undefined,
      device: Device,
    ): Promise<SignIn> {
      const { network, address, nonce } = await signerOf(signed);
      const owner = await database.first<{ user_id: string; pin_hash: string | null }>(
        'select * from auth.wallet_lookup($1, $2)',
        [network, address],
      );
      if (!owner) {
        const tokens = await database.transaction(async (transaction) => {
          const { user_id: userId } = await transaction.one<{ user_id: string }>(
            'select auth.register_wallet($1, $2, $3, $4, null, $5) as user_id',
            [network, address, nonce, signed.message, device.ip ?? null],
          );
          return openSession(transaction, userId, device);
        });
        return { kind: 'complete', tokens };
      }
      if (owner.pin_hash !== null) {
        // The challenge is not spent yet: the same signature may come again, with the PIN.
        if (pin === undefined) return database.refuse('wallet.pin_required');
        await confirmPin(owner.user_id, owner.pin_hash, pin);
      }
      const accepted = await database.one<{ user_id: string; needs_second_factor: boolean }>(
        'select * from auth.sign_in_wallet($1, $2, $3, $4)',
        [network, address, nonce, signed.message],
      );
      return afterFirstFactor(dependencies, accepted.user_id, accepted.needs_second_factor, device);
    },

    /** Adds a way to sign in, so the password is asked for where there is one. Returns the wallet's id. */
    async linkWallet(
      userId: string,
      signed: WalletSignature,
      type: string | undefined,
      password: string | undefined,
    ): Promise<string> {
      const { network, address, nonce } = await signerOf(signed);
      await confirmPassword(dependencies, userId, password);
      const row = await database.one<{ id: string }>(
        'select auth.link_wallet($1, $2, $3, $4, $5, $6) as id',
        [userId, network, address, nonce, signed.message, type ?? 'external'],
      );
      return row.id;
    },

    /** Sets the PIN that is asked for after the wallet, or takes it away (null). */
    async setWalletPin(
      userId: string,
      pin: string | null,
      proof: { readonly password?: string | undefined; readonly currentPin?: string | undefined },
    ): Promise<void> {
      if (pin !== null && !/^\d{4,12}$/.test(pin)) return database.refuse('wallet.pin_malformed');
      const { hash: currentHash } = await database.one<{ hash: string | null }>(
        'select auth.wallet_pin_of($1) as hash',
        [userId],
      );
      if (currentHash !== null && proof.currentPin !== undefined) {
        await confirmPin(userId, currentHash, proof.currentPin);
      } else {
        const hasPassword = await confirmPassword(dependencies, userId, proof.password);
        if (currentHash !== null && !hasPassword) return database.refuse('wallet.pin_required');
      }
      const pinHash = pin === null ? null : await whenAdmitted(dependencies, () => hashes.hash(pin));
      await database.rows('select auth.set_wallet_pin($1, $2)', [userId, pinHash]);
    },
  };
}
