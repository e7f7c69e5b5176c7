/** Procedures that need nobody signed in, by signature, with the reason. */
export const openToVisitors: Readonly<Record<string, string>> = {
  'core.uuidv7()': 'Makes an identifier; changes nothing.',
  'forums.record_view(uuid)': 'Visitors read too, and a view is a view.',
  'moderation.submit_appeal(text,text)':
    'Who is banned has no session; the token of the refusal says who it is.',
  'groups.post_webhook(text,text)': 'A webhook is nobody with an account; its token decides.',
};

/** Procedures that an account may call although it is banned, disabled or closed, with the reason. */
export const openToRestricted: Readonly<Record<string, string>> = {
  'core.reopen_account()': 'Takes back the closing of an account.',
  'moderation.appeal(uuid,text)': 'A banned account asks for its ban to be lifted.',
};
