import 'postgraphile';
import {
  access,
  constant,
  context,
  type FieldArgs,
  get,
  SafeError,
  type Step,
  sideEffect,
} from 'postgraphile/grafast';
import { extendSchema } from 'postgraphile/utils';
import { graphqlCodes } from '../error-codes.ts';
import type { Device } from './dependencies.ts';
import type { SignIn } from './password-sign-in.ts';
import { BannedRefusal, Refusal } from './refusal.ts';
import type { SecondFactor } from './second-factor.ts';
import type { AuthService } from './service.ts';
import type { AuthenticatedSession, SessionTokens } from './sessions.ts';
import { payloads, payloadsWithUser, signInTypeDefinitions } from './type-definitions.ts';

/** What the API knows of a request: `context().get('stoa')`. */
export interface SignInRequest {
  readonly ip: string | undefined;
  readonly userAgent: string | undefined;
  readonly session?: AuthenticatedSession | undefined;
  readonly auth: AuthService;
  /** Where tokens are kept in cookies and not handed to the page. */
  readonly cookies?: {
    readonly refreshToken: string | undefined;
    keep(tokens: SessionTokens): void;
    forget(): void;
  };
}

/** What a page is told instead of a token that it must not see. */
const keptInCookie = '(cookie)';

interface WithDevice {
  readonly device?: Readonly<Record<string, unknown>> | null;
}

function deviceOf(request: SignInRequest, input: WithDevice = {}): Device {
  return { ip: request.ip, userAgent: request.userAgent, info: input.device ?? undefined };
}

/** Who is signed in; refuses visitors, and accounts that are banned or disabled. */
async function callerOf({ session, auth }: SignInRequest): Promise<AuthenticatedSession> {
  if (!session) return auth.refuse('session.required');
  return session.role === null ? auth.refuse('account.restricted') : session;
}

/** Exactly one of both. */
async function factorOf(
  { auth }: SignInRequest,
  { totpCode, recoveryCode }: { readonly totpCode?: string | null; readonly recoveryCode?: string | null },
): Promise<SecondFactor> {
  if (totpCode && !recoveryCode) return { totpCode };
  if (recoveryCode && !totpCode) return { recoveryCode };
  return auth.refuse('input.malformed');
}

function tokensPayload(tokens: SessionTokens, { cookies }: SignInRequest) {
  cookies?.keep(tokens);
  return {
    userId: tokens.userId,
    tokens: {
      accessToken: cookies ? keptInCookie : tokens.accessToken,
      accessTokenExpiresAt: tokens.accessTokenExpiresAt.toISOString(),
      refreshToken: cookies ? keptInCookie : tokens.refreshToken,
      expiresAt: tokens.expiresAt.toISOString(),
      sessionId: tokens.sessionId,
    },
  };
}

function signInPayload(outcome: SignIn, request: SignInRequest) {
  if (outcome.kind === 'complete') return tokensPayload(outcome.tokens, request);
  return { secondFactor: { token: outcome.pendingToken, expiresAt: outcome.expiresAt.toISOString() } };
}

/** An error that a client may see whole. */
function told(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error;
  return new SafeError(error.message, {
    code: graphqlCodes[error.sqlstate]?.code ?? 'INVALID',
    reason: error.reason,
    ...(error.cure === undefined ? {} : { cure: error.cure }),
    ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    ...(error instanceof BannedRefusal
      ? {
          appealToken: error.appealToken.text,
          appealTokenExpiresAt: error.appealToken.expiresAt.toISOString(),
        }
      : {}),
  });
}

/**
 * A mutation that is a flow of the service. It runs as stoa_auth in transactions of its own; the fields of the
 * payload are read afterwards, as whoever sent the request: signing in does not change who the rest of it acts for.
 */
function flow<Input extends object>(work: (input: Input, request: SignInRequest) => Promise<object>) {
  return (_$root: unknown, fieldArgs: FieldArgs) => {
    const $input: Step<Input & { readonly clientMutationId?: string | null }> = fieldArgs.getRaw('input');
    return sideEffect([$input, get(context(), 'stoa')], async ([input, request]) => {
      try {
        return { clientMutationId: input.clientMutationId, ...(await work(input, request)) };
      } catch (error) {
        throw told(error);
      }
    });
  };
}

const mutationPlans = {
  register: flow(
    async (
      input: { email: string; password: string; username: string; displayName?: string | null },
      request,
    ) => {
      await request.auth.register(
        { ...input, displayName: input.displayName ?? undefined },
        deviceOf(request),
      );
      return { accepted: true };
    },
  ),
  registerAnonymous: flow(async (input: { displayName?: string | null } & WithDevice, request) =>
    tokensPayload(
      await request.auth.registerAnonymous(input.displayName ?? undefined, deviceOf(request, input)),
      request,
    ),
  ),
  completeAccount: flow(
    async (
      input: { email: string; password: string; username?: string | null; displayName?: string | null },
      request,
    ) => {
      const { userId } = await callerOf(request);
      await request.auth.completeAccount(
        userId,
        { ...input, username: input.username ?? undefined, displayName: input.displayName ?? undefined },
        deviceOf(request),
      );
      return { accepted: true, userId };
    },
  ),
  signIn: flow(async (input: { name: string; password: string } & WithDevice, request) =>
    signInPayload(await request.auth.signIn(input.name, input.password, deviceOf(request, input)), request),
  ),
  completeSignIn: flow(
    async (
      input: { token: string; totpCode?: string | null; recoveryCode?: string | null } & WithDevice,
      request,
    ) =>
      tokensPayload(
        await request.auth.completeSignIn(
          input.token,
          await factorOf(request, input),
          deviceOf(request, input),
        ),
        request,
      ),
  ),
  refreshSession: flow(async (input: { refreshToken?: string | null }, request) => {
    const token = input.refreshToken ?? request.cookies?.refreshToken;
    if (token === undefined) return request.auth.refuse('input.malformed');
    return tokensPayload(await request.auth.refreshSession(token, deviceOf(request)), request);
  }),
  signOut: flow(async (_input: object, { auth, session, cookies }) => {
    if (!session) return auth.refuse('session.required');
    cookies?.forget();
    return { ended: await auth.signOut(session.sessionId) };
  }),
  signOutEverywhere: flow(async (input: { keepCurrent?: boolean | null }, { auth, session, cookies }) => {
    if (!session) return auth.refuse('session.required');
    if (!input.keepCurrent) cookies?.forget();
    return {
      ended: await auth.signOutEverywhere(session.userId, input.keepCurrent ? session.sessionId : undefined),
    };
  }),
  requestPasswordReset: flow(async (input: { email: string }, request) => {
    await request.auth.requestPasswordReset(input.email, deviceOf(request));
    return { accepted: true };
  }),
  resetPassword: flow(async (input: { token: string; newPassword: string }, { auth }) => {
    await auth.resetPassword(input.token, input.newPassword);
    return { done: true };
  }),
  changePassword: flow(async (input: { currentPassword: string; newPassword: string }, request) => {
    const { userId, sessionId } = await callerOf(request);
    return tokensPayload(
      await request.auth.changePassword(userId, sessionId, input.currentPassword, input.newPassword),
      request,
    );
  }),
  verifyEmail: flow(async (input: { token: string }, { auth }) => {
    await auth.verifyEmail(input.token);
    return { done: true };
  }),
  resendVerification: flow(async (_input: object, request) => {
    const { userId } = await callerOf(request);
    await request.auth.resendVerification(userId, deviceOf(request));
    return { accepted: true };
  }),
  requestEmailChange: flow(async (input: { email: string; password?: string | null }, request) => {
    const { userId } = await callerOf(request);
    await request.auth.requestEmailChange(
      userId,
      input.email,
      input.password ?? undefined,
      deviceOf(request),
    );
    return { accepted: true };
  }),
  confirmEmailChange: flow(async (input: { token: string }, { auth }) => {
    await auth.confirmEmailChange(input.token);
    return { done: true };
  }),
  beginTwoFactor: flow(async (input: { password?: string | null }, request) => {
    const { userId } = await callerOf(request);
    return request.auth.beginTwoFactor(userId, input.password ?? undefined);
  }),
  confirmTwoFactor: flow(async (input: { totpCode: string }, request) => {
    const { userId } = await callerOf(request);
    return { recoveryCodes: await request.auth.confirmTwoFactor(userId, input.totpCode) };
  }),
  disableTwoFactor: flow(
    async (input: { totpCode?: string | null; recoveryCode?: string | null }, request) => {
      const { userId } = await callerOf(request);
      await request.auth.disableTwoFactor(userId, await factorOf(request, input));
      return { done: true };
    },
  ),
  regenerateRecoveryCodes: flow(async (input: { totpCode: string }, request) => {
    const { userId } = await callerOf(request);
    return { recoveryCodes: await request.auth.regenerateRecoveryCodes(userId, input.totpCode) };
  }),
  createWalletChallenge: flow(async (input: { network?: string | null; address: string }, request) => {
    const challenge = await request.auth.createWalletChallenge(
      input.network ?? 'ethereum',
      input.address,
      deviceOf(request),
    );
    return { message: challenge.message, expiresAt: challenge.expiresAt.toISOString() };
  }),
  signInWithWallet: flow(
    async (input: { message: string; signature: string; pin?: string | null } & WithDevice, request) =>
      signInPayload(
        await request.auth.signInWithWallet(input, input.pin ?? undefined, deviceOf(request, input)),
        request,
      ),
  ),
  linkWallet: flow(
    async (
      input: { message: string; signature: string; type?: string | null; password?: string | null },
      request,
    ) => {
      const { userId } = await callerOf(request);
      const { type, password } = input;
      return {
        walletId: await request.auth.linkWallet(userId, input, type ?? undefined, password ?? undefined),
      };
    },
  ),
  setWalletPin: flow(
    async (input: { pin?: string | null; password?: string | null; currentPin?: string | null }, request) => {
      const { userId } = await callerOf(request);
      await request.auth.setWalletPin(userId, input.pin ?? null, {
        password: input.password ?? undefined,
        currentPin: input.currentPin ?? undefined,
      });
      return { done: true };
    },
  ),
};

/** The sign-in mutations. The procedures of schema auth (revokeSession, myAccount, …) are generated beside them. */
export const AuthPlugin = extendSchema((build) => {
  const users = build.pgResources['user'];
  if (!users) throw new Error('The table core.users is not exposed as User');
  const payloadPlans = (name: string) => ({
    plans: {
      query: () => constant(true),
      ...(payloadsWithUser.includes(name)
        ? { user: ($payload: Step) => users.get({ id: access($payload, 'userId') }) }
        : {}),
    },
  });
  return {
    typeDefs: signInTypeDefinitions,
    objects: {
      Mutation: { plans: mutationPlans },
      ...Object.fromEntries(payloads.map((name) => [name, payloadPlans(name)])),
    },
  };
});
