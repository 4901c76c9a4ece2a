#!/usr/bin/env escript
%% The program that `tests.servers.erlang` runs: an SFTP server of Erlang's ssh on a port of loopback.
%% Arguments: port, folder that is shown as /, folder of the host key, folder of authorized_keys, account.
%% The password is the line on standard input.
main([Port, Root, HostKeys, Keys, Account]) ->
    Password = string:trim(io:get_line("")),
    {ok, _} = application:ensure_all_started(ssh),
    {ok, _} = ssh:daemon({127, 0, 0, 1}, list_to_integer(Port), [
        {system_dir, HostKeys},
        {user_dir, Keys},
        {auth_methods, "publickey,password"},
        {user_passwords, [{Account, Password}]},
        {shell, disabled},
        {exec, disabled},
        {subsystems, [ssh_sftpd:subsystem_spec([{root, Root}, {cwd, "/"}])]}
    ]),
    timer:sleep(infinity).
