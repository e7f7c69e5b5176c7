import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { createSiweMessage, parseSiweMessage } from 'viem/siwe';
import { describe, expect, test } from 'vitest';
import { outcomesOf, refusalOf, signInFixture, siteUrl } from './fixture.ts';

const { db, service, anotherService, person } = await signInFixture();

type Wallet = ReturnType<typeof newWallet>;
const newWallet = () => privateKeyToAccount(generatePrivateKey());

async function signed(
  wallet: Wallet,
  network = 'ethereum',
  change: (message: string) => string = (text) => text,
) {
  const challenge = await service.createWalletChallenge(network, wallet.address, {});
  const message = change(challenge.message);
  return { message, signature: await wallet.signMessage({ message }) };
}

async function tokensOf(wallet: Wallet, pin?: string) {
  const signedIn = await service.signInWithWallet(await signed(wallet), pin, {});
  if (signedIn.kind !== 'complete') throw new Error('a second factor was asked for');
  return signedIn.tokens;
}

describe('a challenge', () => {
  test('is the message of EIP-4361 for this site, this wallet and this chain', async () => {
    const wallet = newWallet();
    const { message, expiresAt } = await service.createWalletChallenge(
      'polygon',
      wallet.address.toLowerCase(),
      {},
    );
    const fields = parseSiweMessage(message);
    expect(fields).toMatchObject({
      domain: 'community.example',
      uri: siteUrl,
      address: wallet.address,
      chainId: 137,
      version: '1',
    });
    expect(Math.abs((fields.expirationTime?.getTime() ?? 0) - expiresAt.getTime())).toBeLessThan(2_000);
  });

  test('is for chains and addresses that exist', async () => {
    expect(await refusalOf(service.createWalletChallenge('dogecoin', newWallet().address, {}))).toBe(
      'wallet.network_unknown',
    );
    expect(await refusalOf(service.createWalletChallenge('toString', newWallet().address, {}))).toBe(
      'wallet.network_unknown',
    );
    expect(await refusalOf(service.createWalletChallenge('ethereum', '0x1234', {}))).toBe(
      'wallet.address_malformed',
    );
  });

  test('is handed out ten times an hour to one wallet', async () => {
    const { address } = newWallet();
    const attempts = Array.from({ length: 12 }, (_, index) =>
      service.createWalletChallenge('ethereum', index % 2 ? address : address.toLowerCase(), {}),
    );
    expect(await outcomesOf(attempts)).toEqual({ ok: 10, 'wallet.too_many': 2 });
  });
});

describe('signing in', () => {
  test('makes an anonymous account for a wallet that is new, and finds it again', async () => {
    const wallet = newWallet();
    const first = await tokensOf(wallet);
    expect(await service.authenticate(first.accessToken)).toMatchObject({
      userId: first.userId,
      role: 'user',
    });
    const { rows } = await db.query(
      `select is_anonymous, username, network, address, address_key, is_primary, verified_at is not null as is_verified
       from core.users join auth.wallets on user_id = core.users.id where core.users.id = $1`,
      [first.userId],
    );
    expect(rows).toEqual([
      {
        is_anonymous: true,
        username: null,
        network: 'ethereum',
        address: wallet.address,
        address_key: wallet.address.toLowerCase(),
        is_primary: true,
        is_verified: true,
      },
    ]);
    expect((await tokensOf(wallet)).userId).toBe(first.userId);
  });

  test.each([
    ['another domain', (text: string) => text.replace('community.example wants', 'phishing.example wants')],
    ['another site', (text: string) => text.replace(`URI: ${siteUrl}`, 'URI: https://phishing.example')],
    ['a scheme of its own', (text: string) => `http://${text}`],
    ['a chain that nobody knows', (text: string) => text.replace('Chain ID: 1\n', 'Chain ID: 999\n')],
    ['no end', (text: string) => text.replace(/\nExpiration Time: .*/, '')],
    [
      'an end that is no time',
      (text: string) => text.replace(/Expiration Time: .*/, 'Expiration Time: later'),
    ],
    ['a past end', (text: string) => text.replace(/Expiration Time: 2\d/, 'Expiration Time: 19')],
    ['a future start', (text: string) => `${text}\nNot Before: 2999-01-01T00:00:00.000Z`],
    ['nothing to do with it', () => 'Sign in, please.'],
  ])('refuses a message with %s', async (_what, change) => {
    const wallet = newWallet();
    expect(
      await refusalOf(service.signInWithWallet(await signed(wallet, 'ethereum', change), undefined, {})),
    ).toBe('wallet.message_invalid');
  });

  test.each([
    ['another nonce', (text: string) => text.replace(/Nonce: \w{4}/, 'Nonce: 0000')],
    ['another statement', (text: string) => text.replace('Sign in to', 'Give everything to')],
    ['a longer life', (text: string) => text.replace(/Expiration Time: \d{4}/, 'Expiration Time: 2999')],
    ['another chain', (text: string) => text.replace('Chain ID: 1\n', 'Chain ID: 10\n')],
    ['a request that was added', (text: string) => `${text}\nRequest ID: 1`],
  ])('refuses a well-signed message with %s than was handed out', async (_what, change) => {
    const wallet = newWallet();
    const proof = await signed(wallet, 'ethereum', change);
    expect(await refusalOf(service.signInWithWallet(proof, undefined, {}))).toBe('wallet.challenge_gone');
  });

  test('refuses a message that the signer wrote instead of us', async () => {
    const wallet = newWallet();
    const message = createSiweMessage({
      domain: 'community.example',
      uri: siteUrl,
      address: wallet.address,
      version: '1',
      chainId: 1,
      nonce: 'abcdefgh12345678',
      expirationTime: new Date(Date.now() + 60_000),
    });
    const proof = { message, signature: await wallet.signMessage({ message }) };
    expect(await refusalOf(service.signInWithWallet(proof, undefined, {}))).toBe('wallet.challenge_gone');
  });

  test('refuses a signature by another wallet, and one that is none', async () => {
    const { message } = await signed(newWallet());
    const signature = await newWallet().signMessage({ message });
    for (const wrong of [signature, `${signature.slice(0, -2)}ff`, '0x', '0x1234', 'nonsense']) {
      expect(await refusalOf(service.signInWithWallet({ message, signature: wrong }, undefined, {}))).toBe(
        'wallet.signature_wrong',
      );
    }
  });

  test('refuses a signature the second time, and lets one of several at once in', async () => {
    const wallet = newWallet();
    await tokensOf(wallet);
    const proof = await signed(wallet);
    const attempts = Array.from({ length: 6 }, () => service.signInWithWallet(proof, undefined, {}));
    expect(await outcomesOf(attempts)).toEqual({ ok: 1, 'wallet.challenge_gone': 5 });
    expect(await refusalOf(service.signInWithWallet(proof, undefined, {}))).toBe('wallet.challenge_gone');
  });

  test('makes one account, when a new wallet comes several times at once', async () => {
    const wallet = newWallet();
    const proofs = [await signed(wallet), await signed(wallet), await signed(wallet)];
    await outcomesOf(proofs.map((proof) => service.signInWithWallet(proof, undefined, {})));
    const { rowCount } = await db.query('select from auth.wallets where address = $1', [wallet.address]);
    expect(rowCount).toBe(1);
    const orphans = await db.query(
      `select from core.users u where is_anonymous
         and not exists (select from auth.wallets w where w.user_id = u.id)`,
    );
    expect(orphans.rowCount).toBe(0);
  });

  test('refuses a challenge after its end, by the message and by the database', async () => {
    const wallet = newWallet();
    const proof = await signed(wallet);
    const later = await anotherService({ now: () => new Date(Date.now() + 6 * 60_000) });
    expect(await refusalOf(later.signInWithWallet(proof, undefined, {}))).toBe('wallet.message_invalid');
    await db.query('update auth.wallet_challenges set expires_at = now() where message = $1', [
      proof.message,
    ]);
    expect(await refusalOf(service.signInWithWallet(proof, undefined, {}))).toBe('wallet.challenge_gone');
  });

  test('refuses an account that is banned', async () => {
    const wallet = newWallet();
    const { userId } = await tokensOf(wallet);
    await db.query("update core.users set banned_until = 'infinity' where id = $1", [userId]);
    const refusal: unknown = await service
      .signInWithWallet(await signed(wallet), undefined, {})
      .catch((reason: unknown) => reason);
    expect(refusal).toMatchObject({ reason: 'account.banned' });
    expect(refusal).toHaveProperty('appealToken.text', expect.stringMatching(/^[\w-]{43}$/));
  });

  test('does not take a claim without proof for an owner', async () => {
    const wallet = newWallet();
    const claimant = await person('claimant');
    await db.query('insert into auth.wallets (user_id, address) values ($1, $2)', [
      claimant.userId,
      wallet.address,
    ]);
    const { userId } = await tokensOf(wallet);
    expect(userId).not.toBe(claimant.userId);
  });
});

describe('a PIN', () => {
  test('is asked for after the wallet, and the same signature may be sent again with it', async () => {
    const wallet = newWallet();
    const { userId } = await tokensOf(wallet);
    expect(await refusalOf(service.setWalletPin(userId, '12', {}))).toBe('wallet.pin_malformed');
    await service.setWalletPin(userId, '493817', {});

    const proof = await signed(wallet);
    expect(await refusalOf(service.signInWithWallet(proof, undefined, {}))).toBe('wallet.pin_required');
    expect(await refusalOf(service.signInWithWallet(proof, '493818', {}))).toBe('wallet.pin_wrong');
    await expect(service.signInWithWallet(proof, '493817', {})).resolves.toMatchObject({ kind: 'complete' });
  });

  test('is needed to take it away', async () => {
    const wallet = newWallet();
    const { userId } = await tokensOf(wallet);
    await service.setWalletPin(userId, '493817', {});
    expect(await refusalOf(service.setWalletPin(userId, null, {}))).toBe('wallet.pin_required');
    expect(await refusalOf(service.setWalletPin(userId, null, { currentPin: '000000' }))).toBe(
      'wallet.pin_wrong',
    );
    await service.setWalletPin(userId, null, { currentPin: '493817' });
    await tokensOf(wallet);
  });

  test('that is wrong is counted', async () => {
    const wallet = newWallet();
    const { userId } = await tokensOf(wallet);
    await service.setWalletPin(userId, '493817', {});
    const proof = await signed(wallet);
    const attempts = Array.from({ length: 14 }, () => service.signInWithWallet(proof, '000000', {}));
    expect(await outcomesOf(attempts)).toEqual({ 'wallet.pin_wrong': 10, 'wallet.pin_too_many': 4 });
    expect(await refusalOf(service.signInWithWallet(proof, '493817', {}))).toBe('wallet.pin_too_many');
  });
});

describe('linking a wallet', () => {
  test('asks for the password, and then the wallet signs in to that account', async () => {
    const ada = await person('ada');
    const wallet = newWallet();
    expect(
      await refusalOf(service.linkWallet(ada.userId, await signed(wallet), undefined, 'a wrong password')),
    ).toBe('password.wrong');
    await service.linkWallet(ada.userId, await signed(wallet), 'hardware', ada.password);
    expect((await tokensOf(wallet)).userId).toBe(ada.userId);
    await service.linkWallet(ada.userId, await signed(wallet, 'base'), undefined, ada.password);
    const { rows } = await db.query(
      'select network, type, is_primary from auth.wallets where user_id = $1 order by id',
      [ada.userId],
    );
    expect(rows).toEqual([
      { network: 'ethereum', type: 'hardware', is_primary: true },
      { network: 'base', type: 'external', is_primary: false },
    ]);
  });

  test('refuses one that belongs to somebody else, on whichever chain', async () => {
    const bela = await person('bela');
    const wallet = newWallet();
    await tokensOf(wallet);
    for (const network of ['ethereum', 'optimism']) {
      const proof = await signed(wallet, network);
      expect(await refusalOf(service.linkWallet(bela.userId, proof, undefined, bela.password))).toBe(
        'wallet.taken',
      );
    }
  });

  test('proves one that was imported without proof', async () => {
    const cleo = await person('cleo');
    const wallet = newWallet();
    await db.query('insert into auth.wallets (user_id, address) values ($1, $2)', [
      cleo.userId,
      wallet.address,
    ]);
    await service.linkWallet(cleo.userId, await signed(wallet), undefined, cleo.password);
    expect((await tokensOf(wallet)).userId).toBe(cleo.userId);
  });
});

test('a second factor is asked for after a wallet as after a password', async () => {
  const wallet = newWallet();
  const { userId } = await tokensOf(wallet);
  await db.query(
    "insert into auth.two_factor (user_id, secret_ciphertext, key_id, confirmed_at) values ($1, '\\x00', 'x', now())",
    [userId],
  );
  await expect(service.signInWithWallet(await signed(wallet), undefined, {})).resolves.toMatchObject({
    kind: 'second_factor',
  });
});
