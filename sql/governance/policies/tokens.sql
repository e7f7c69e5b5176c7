revoke all on governance.tokens from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.tokens to stoa_anonymous;

drop policy if exists active on governance.tokens;
create policy active on governance.tokens
for select
to stoa_anonymous
using (is_active);

comment on policy active on governance.tokens is 'Everybody reads the tokens that are in use.';

drop policy if exists held on governance.tokens;
create policy held on governance.tokens
for select
to stoa_member
using (
  id = any (array(
    select holding.token_id
    from governance.user_tokens as holding
    where holding.user_id = (select core.current_user_id())
  ))
);

comment on policy held on governance.tokens is 'Members read the tokens that they hold, retired ones too.';

drop policy if exists staff on governance.tokens;
create policy staff on governance.tokens
for select
to stoa_moderator
using (true);

comment on policy staff on governance.tokens is 'Staff of the platform reads every token.';
