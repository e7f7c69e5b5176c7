-- Nobody reads or writes it but the functions of this module.
revoke all on audit.erasures from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
