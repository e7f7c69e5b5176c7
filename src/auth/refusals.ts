/** What may refuse a mutation of signing in: the functions that its flow calls, and the reasons that it raises itself. */
interface Refusals {
  readonly calls: readonly string[];
  readonly reasons: readonly string[];
}

const none: Refusals = { calls: [], reasons: [] };

function all(...parts: readonly Refusals[]): Refusals {
  return {
    calls: parts.flatMap(({ calls }) => calls),
    reasons: parts.flatMap(({ reasons }) => reasons),
  };
}

const calling = (...calls: readonly string[]): Refusals => ({ ...none, calls });
const raising = (...reasons: readonly string[]): Refusals => ({ ...none, reasons });

// The steps that flows have in common; each is a function of this folder.
const caller = raising('session.required', 'account.restricted');
const hashing = raising('sign_in.busy');
const newPassword = all(hashing, raising('password.too_short', 'password.too_long'));
const confirmedPassword = all(
  hashing,
  calling('auth.password_of', 'auth.password_confirmed'),
  raising('password.wrong'),
);
const newSession = calling('auth.create_session');
const appealable = calling('auth.issue_appeal_token');
const afterFirstFactor = all(newSession, appealable, calling('auth.begin_pending_sign_in'));
const totp = all(calling('auth.two_factor_of'), raising('second_factor.wrong', 'second_factor.not_on'));
const recoveryCode = all(hashing, calling('auth.recovery_codes_of'), raising('second_factor.wrong'));
const eitherFactor = all(totp, recoveryCode, raising('input.malformed'));
const signature = raising('wallet.message_invalid', 'wallet.signature_wrong');
const pin = all(
  hashing,
  calling('auth.count_pin_attempt'),
  raising('wallet.pin_wrong', 'wallet.pin_required'),
);

/** By mutation. The API lists them in its descriptions. */
export const refusalsOfSignIn: ReadonlyMap<string, Refusals> = new Map(
  Object.entries({
    register: all(newPassword, calling('auth.register')),
    registerAnonymous: all(newSession, calling('auth.register_anonymous')),
    completeAccount: all(caller, newPassword, calling('auth.complete_account')),
    signIn: all(
      hashing,
      afterFirstFactor,
      calling('auth.sign_in_lookup', 'auth.sign_in_result', 'auth.upgrade_password_hash'),
    ),
    completeSignIn: all(
      eitherFactor,
      newSession,
      appealable,
      calling('auth.pending_sign_in', 'auth.use_totp', 'auth.use_recovery_code'),
    ),
    refreshSession: all(raising('input.malformed'), calling('auth.refresh_session')),
    signOut: all(raising('session.required'), calling('auth.sign_out')),
    signOutEverywhere: all(raising('session.required'), calling('auth.end_sessions')),
    requestPasswordReset: calling('auth.request_password_reset'),
    resetPassword: all(newPassword, calling('auth.reset_password')),
    changePassword: all(caller, confirmedPassword, newPassword, calling('auth.change_password')),
    verifyEmail: calling('auth.verify_email'),
    resendVerification: all(caller, calling('auth.resend_verification')),
    requestEmailChange: all(caller, confirmedPassword, calling('auth.request_email_change')),
    confirmEmailChange: calling('auth.change_email'),
    beginTwoFactor: all(caller, confirmedPassword, calling('auth.begin_two_factor')),
    confirmTwoFactor: all(
      caller,
      hashing,
      totp,
      raising('second_factor.not_begun'),
      calling('auth.confirm_two_factor'),
    ),
    disableTwoFactor: all(caller, eitherFactor, calling('auth.disable_two_factor')),
    regenerateRecoveryCodes: all(caller, hashing, totp, calling('auth.regenerate_recovery_codes')),
    createWalletChallenge: all(
      raising('wallet.network_unknown', 'wallet.address_malformed'),
      calling('auth.wallet_challenge'),
    ),
    signInWithWallet: all(
      signature,
      pin,
      afterFirstFactor,
      calling('auth.wallet_lookup', 'auth.register_wallet', 'auth.sign_in_wallet'),
    ),
    linkWallet: all(caller, signature, confirmedPassword, calling('auth.link_wallet')),
    setWalletPin: all(
      caller,
      pin,
      confirmedPassword,
      raising('wallet.pin_malformed'),
      calling('auth.wallet_pin_of', 'auth.set_wallet_pin'),
    ),
  }),
);
