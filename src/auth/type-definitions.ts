const described = {
  tokens: (presence: '' | '!') => `"For the requests that follow."\ntokens: AuthTokens${presence}`,
  secondFactor: '"Where a second factor is on: then there are no tokens yet."\nsecondFactor: PendingSignIn',
  user: '"The account, as far as the sender of this request may see it."\nuser: User',
} as const;

/** The sign-in part of the API. Every input and payload carries clientMutationId, as the generated ones do. */
const mutations: readonly {
  readonly name: string;
  readonly description: string;
  /** Lines of SDL. */
  readonly input: readonly string[];
  readonly payload: readonly string[];
}[] = [
  {
    name: 'register',
    description:
      'Registers an account by e-mail; then sign in. The address is proven by a mailed token (verifyEmail). An address that is taken gives the same answer, and its owner gets a mail.',
    input: [
      '"E-mail address."\nemail: String!',
      '"8 to 128 characters."\npassword: String!',
      '"What others see and sign in by: 3 to 32 characters."\nusername: String!',
      '"Shown beside the username."\ndisplayName: String',
    ],
    payload: ['"Always true: see the mail."\naccepted: Boolean!'],
  },
  {
    name: 'registerAnonymous',
    description: 'Registers an account that is nothing but a session, until completeAccount.',
    input: [
      '"Shown instead of a username."\ndisplayName: String',
      '"Shown in the list of sessions."\ndevice: JSON',
    ],
    payload: [described.tokens('!'), described.user],
  },
  {
    name: 'completeAccount',
    description:
      'Gives an anonymous account a username at once, and an address and a password when the mailed token has proven the address (confirmEmailChange).',
    input: [
      '"E-mail address."\nemail: String!',
      '"8 to 128 characters."\npassword: String!',
      '"Needed unless the account has one."\nusername: String',
      '"Shown beside the username."\ndisplayName: String',
    ],
    payload: ['"Always true: see the mail."\naccepted: Boolean!', described.user],
  },
  {
    name: 'signIn',
    description: 'Signs in by e-mail address or username. Gives tokens, or what completeSignIn needs.',
    input: [
      '"E-mail address or username."\nname: String!',
      '"As it was set."\npassword: String!',
      '"Shown in the list of sessions."\ndevice: JSON',
    ],
    payload: [described.tokens(''), described.secondFactor, described.user],
  },
  {
    name: 'completeSignIn',
    description:
      'Completes a sign-in by the second factor: either a code of the authenticator or a recovery code.',
    input: [
      '"secondFactor.token of signIn or signInWithWallet."\ntoken: String!',
      '"Six digits of the authenticator."\ntotpCode: String',
      '"Where the authenticator is lost."\nrecoveryCode: String',
      '"Shown in the list of sessions."\ndevice: JSON',
    ],
    payload: [described.tokens('!'), described.user],
  },
  {
    name: 'refreshSession',
    description:
      'Replaces both tokens of a session. A refresh token works once: presenting it again ends the session. Send no authorization header.',
    input: ['"May be left out where it is kept in a cookie."\nrefreshToken: String'],
    payload: [described.tokens('!'), described.user],
  },
  {
    name: 'signOut',
    description: 'Ends the session of this request.',
    input: [],
    payload: ['"False when it had ended already."\nended: Boolean!'],
  },
  {
    name: 'signOutEverywhere',
    description: 'Ends all sessions of the account, this one too unless it is to stay.',
    input: ['"Whether this session goes on."\nkeepCurrent: Boolean = false'],
    payload: ['"How many sessions ended."\nended: Int!'],
  },
  {
    name: 'requestPasswordReset',
    description: 'Mails a token for a new password. The answer is the same for an address that nobody has.',
    input: ['"E-mail address."\nemail: String!'],
    payload: ['"Always true: see the mail."\naccepted: Boolean!'],
  },
  {
    name: 'resetPassword',
    description: 'Sets a new password by a mailed token and signs out everywhere.',
    input: ['"From the mail."\ntoken: String!', '"8 to 128 characters."\nnewPassword: String!'],
    payload: ['"Always true: what fails is an error."\ndone: Boolean!'],
  },
  {
    name: 'changePassword',
    description: 'Sets a new password, signs out everywhere else and gives this session new tokens.',
    input: ['"The one in force."\ncurrentPassword: String!', '"8 to 128 characters."\nnewPassword: String!'],
    payload: [described.tokens('!')],
  },
  {
    name: 'verifyEmail',
    description: 'Proves the address of an account by a mailed token.',
    input: ['"From the mail."\ntoken: String!'],
    payload: ['"Always true: what fails is an error."\ndone: Boolean!'],
  },
  {
    name: 'resendVerification',
    description: 'Mails the token for the address that waits for its proof once more.',
    input: [],
    payload: ['"Always true: see the mail."\naccepted: Boolean!'],
  },
  {
    name: 'requestEmailChange',
    description: 'Mails a token to another address, which replaces the one in force by confirmEmailChange.',
    input: ['"E-mail address."\nemail: String!', '"Needed where the account has one."\npassword: String'],
    payload: ['"Always true: see the mail."\naccepted: Boolean!'],
  },
  {
    name: 'confirmEmailChange',
    description:
      'Puts an address in force by the token that was mailed to it; completes an anonymous account.',
    input: ['"From the mail."\ntoken: String!'],
    payload: ['"Always true: what fails is an error."\ndone: Boolean!'],
  },
  {
    name: 'beginTwoFactor',
    description: 'Makes a secret for an authenticator app. Nothing is in force before confirmTwoFactor.',
    input: ['"Needed where the account has one."\npassword: String'],
    payload: [
      '"For a QR code: otpauth://totp/…"\nuri: String!',
      '"The same secret, to be typed (base 32)."\nsecret: String!',
    ],
  },
  {
    name: 'confirmTwoFactor',
    description: 'Puts the second factor in force by a first code.',
    input: ['"Six digits of the authenticator."\ntotpCode: String!'],
    payload: ['"Each stands in for the second factor once. Shown this once."\nrecoveryCodes: [String!]!'],
  },
  {
    name: 'disableTwoFactor',
    description: 'Switches the second factor off, by a code of the authenticator or a recovery code.',
    input: [
      '"Six digits of the authenticator."\ntotpCode: String',
      '"Where the authenticator is lost."\nrecoveryCode: String',
    ],
    payload: ['"Always true: what fails is an error."\ndone: Boolean!'],
  },
  {
    name: 'regenerateRecoveryCodes',
    description: 'Makes ten new recovery codes; those before are void.',
    input: ['"Six digits of the authenticator."\ntotpCode: String!'],
    payload: ['"Shown this once."\nrecoveryCodes: [String!]!'],
  },
  {
    name: 'createWalletChallenge',
    description:
      'Gives the message (EIP-4361) that a wallet has to sign, for signInWithWallet or linkWallet.',
    input: [
      '"ethereum, optimism, bsc, polygon, base or arbitrum."\nnetwork: String = "ethereum"',
      '"0x and 40 hexadecimal digits."\naddress: String!',
    ],
    payload: [
      '"To be signed unchanged (personal_sign)."\nmessage: String!',
      '"When it can no longer be used."\nexpiresAt: Datetime!',
    ],
  },
  {
    name: 'signInWithWallet',
    description:
      'Signs in by a wallet that has signed its challenge. A wallet that nobody has gets an anonymous account.',
    input: [
      '"As createWalletChallenge gave it."\nmessage: String!',
      '"0x…"\nsignature: String!',
      '"Where the account has one; the same signature may be sent again with it."\npin: String',
      '"Shown in the list of sessions."\ndevice: JSON',
    ],
    payload: [described.tokens(''), described.secondFactor, described.user],
  },
  {
    name: 'linkWallet',
    description: 'Adds a wallet that has signed its challenge to the account.',
    input: [
      '"As createWalletChallenge gave it."\nmessage: String!',
      '"0x…"\nsignature: String!',
      '"external, contract, custodial or hardware."\ntype: String = "external"',
      '"Needed where the account has one."\npassword: String',
    ],
    payload: ['"The identifier of the wallet."\nwalletId: UUID!'],
  },
  {
    name: 'setWalletPin',
    description: 'Sets the PIN that is asked for after the wallet, or takes it away (null).',
    input: [
      '"4 to 12 digits."\npin: String',
      '"Needed where the account has one, unless currentPin is sent."\npassword: String',
      '"The PIN in force, instead of the password."\ncurrentPin: String',
    ],
    payload: ['"Always true: what fails is an error."\ndone: Boolean!'],
  },
];

function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

const sharedTypes = /* GraphQL */ `
"""
What a device gets when it signs in or refreshes. Shown this once: only digests are stored.
"""
type AuthTokens {
  """
  Goes into the header: authorization: Bearer …
  """
  accessToken: String!

  """
  When the access token ends; refreshSession gives another.
  """
  accessTokenExpiresAt: Datetime!

  """
  For refreshSession. Works once.
  """
  refreshToken: String!

  """
  End of the session, which no refresh moves.
  """
  expiresAt: Datetime!

  """
  Names the session in the list of them (mySessions).
  """
  sessionId: UUID!
}

"""
A sign-in whose first factor was right. No session: it can only be completed.
"""
type PendingSignIn {
  """
  For completeSignIn.
  """
  token: String!

  """
  When it can no longer be completed.
  """
  expiresAt: Datetime!
}
`;

function typesOf({ name, input, payload }: (typeof mutations)[number]): string {
  const clientMutationId = 'clientMutationId: String';
  return `
input ${upperFirst(name)}Input {
${[clientMutationId, ...input].join('\n')}
}

type ${upperFirst(name)}Payload {
${[clientMutationId, ...payload].join('\n')}
query: Query
}
`;
}

export const signInTypeDefinitions = `
${sharedTypes}
${mutations.map(typesOf).join('')}
extend type Mutation {
${mutations
  .map(
    ({ name, description }) => `
"""
${description}
"""
${name}(input: ${upperFirst(name)}Input!): ${upperFirst(name)}Payload
`,
  )
  .join('')}
}
`;

/** Payloads that say whose account it is now. */
export const payloadsWithUser: readonly string[] = mutations
  .filter(({ payload }) => payload.includes(described.user))
  .map(({ name }) => `${upperFirst(name)}Payload`);

export const payloads: readonly string[] = mutations.map(({ name }) => `${upperFirst(name)}Payload`);
