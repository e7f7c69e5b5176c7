revoke all on core.users from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  id, member_number, username, username_changed_at, display_name, avatar_url, banner_url, class_id, role, is_anonymous,
  is_bot, is_system, public_flags, premium_tier, premium_until, last_active_on, erased_at, inserted_at, updated_at
) on core.users to stoa_anonymous;
grant select on core.users to stoa_moderator, stoa_worker;
grant update (display_name, avatar_url, banner_url) on core.users to stoa_member;

drop policy if exists read_all on core.users;
create policy read_all on core.users
for select to stoa_anonymous
using (true);
comment on policy read_all on core.users is
  'Nothing private lives here: the constant keeps look-ups by username on their index. banned_until, deleted_at and is_active are withheld by column grants.';

drop policy if exists update_own on core.users;
create policy update_own on core.users
for update to stoa_member
using (id = (select core.current_user_id()))
with check (id = (select core.current_user_id()));
comment on policy update_own on core.users is
  'Members change how they look; everything else changes through procedures.';
