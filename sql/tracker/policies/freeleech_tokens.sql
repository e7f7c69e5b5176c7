revoke all on tracker.freeleech_tokens from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.freeleech_tokens to stoa_member;

drop policy if exists read_own on tracker.freeleech_tokens;
create policy read_own on tracker.freeleech_tokens
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy read_own on tracker.freeleech_tokens is 'Members see their own tokens.';

drop policy if exists read_as_moderator on tracker.freeleech_tokens;
create policy read_as_moderator on tracker.freeleech_tokens
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.freeleech_tokens is 'Moderators see everybody''s.';
