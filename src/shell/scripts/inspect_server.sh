#: The part of the looking script that is about the SSH server: which one it is, what it makes of its configuration, and
#: how that is changed there.
# What the database's name stands for here: sshd compares names as they are written.
if [ -n "$database" ] && has getent; then
    while read -r address kind _; do
        if [ "$kind" = STREAM ]; then say database_address "$address"; fi
    done <<EOF
$(getent ahosts "$database" 2>/dev/null || :)
EOF
fi
. sshd_running
say server "$server"
say running "$running"
# BusyBox grep takes a zero byte for the end of a line.
if [ "$server" = dropbear ] && tr '\0' '\n' <"$program" 2>/dev/null | grep -qF 'permitopen='; then
    say dropbear_knows permitopen
fi
if [ "$server" = dropbear ]; then
    say dropbear_version "$(tr '\0' '\n' <"$program" 2>/dev/null | sed -n 's/.*SSH-2[.]0-dropbear_\([0-9.]*\).*/\1/p' | head -n 1)"
fi
if [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 1024)" -le 1 ]; then say low_ports open; fi
. sshd_program
# What sshd makes of its configuration for this user from each of Stitch's addresses.
unread=
if [ "$server" = dropbear ] || [ -z "$sshd" ]; then addresses=; fi
key_files=
roots=
# OpenSSH 10.6 prints them as its manual writes them, older ones in lower case.
known_words='allowgroups|allowstreamlocalforwarding|allowtcpforwarding|allowusers|authenticationmethods'
known_words="$known_words|authorizedkeyscommand|authorizedkeysfile|channeltimeout|chrootdirectory|denygroups|denyusers"
known_words="$known_words|disableforwarding|listenaddress|maxsessions|maxstartups|permitlisten|permitopen"
known_words="$known_words|persourcepenalties|port|pubkeyacceptedalgorithms|pubkeyacceptedkeytypes|pubkeyauthentication"
known_words="$known_words|refuseconnection|requiredrsasize|revokedkeys|strictmodes|trustedusercakeys"
known_words="$known_words|pamservicename|pidfile|unusedconnectiontimeout|usepam"
# What cannot keep Stitch out of its tunnel.
other_words='acceptenv|addressfamily|agentsocketpath|allowagentforwarding|authorizedkeyscommanduser|authorizedprincipals.*|banner'
other_words="$other_words|casignaturealgorithms|challengeresponseauthentication|ciphers|clientalive.*|compression|debianbanner"
other_words="$other_words|exposeauthinfo|fingerprinthash|forcecommand|gatewayports|gssapi.*|hostbased.*|hostcertificate|hostkey.*"
other_words="$other_words|ignorerhosts|ignoreuserknownhosts|ipqos|kbdinteractive.*|kerberos.*|kexalgorithms|keyregenerationinterval"
other_words="$other_words|logingracetime|loglevel|logverbose|macs|maxauthtries|modulifile|passwordauthentication|permitemptypasswords"
other_words="$other_words|permitrootlogin|permittty|permittunnel|permituser.*|persourcemaxstartups|persourcenetblocksize"
other_words="$other_words|persourcepenaltyexemptlist|printlastlog|printmotd|protocol|pubkeyauthoptions|rdomain|rekeylimit"
other_words="$other_words|rhostsrsaauthentication|rsaauthentication|securitykeyprovider|serverkeybits|setenv|sshdauthpath"
other_words="$other_words|sshdsessionpath|streamlocalbind.*|subsystem|syslogfacility|tcpkeepalive|uselogin|useprivilegeseparation"
other_words="$other_words|usedns|versionaddendum|warnweakcrypto|x11.*|xauthlocation|skeyauthentication"
if [ -n "$elsewhere" ]; then
    say sshd_error "the SSH server on port $port runs in a container or another root file system (process $elsewhere)"
fi
pam_service=sshd
revoked=none
pid_file=
. sshd_settings
for address in $addresses; do
    if settings=$(sshd_settings "$address" "$@" 2>&1); then
        known=$(printf '%s\n' "$settings" | grep -iE "^($known_words) " || :)
        if [ -z "$known" ]; then
            say sshd_error "sshd -T printed no setting that is known"
            unread=yes
        fi
        while read -r key value; do
            case $key in
            '') continue ;;
            [Aa]uthorized[Kk]eys[Ff]ile) key_files="$key_files $value" ;;
            [Cc]hroot[Dd]irectory) roots="$roots $value" ;;
            [Pp][Aa][Mm]*) pam_service=$value ;;
            [Pp]id[Ff]ile) pid_file=$value ;;
            [Rr]evoked[Kk]eys) revoked=$value ;;
            esac
            say sshd "$address $key $value"
        done <<EOF
$known
EOF
        # The holder of a key names them, and a shell obeys them before it comes to the command of the key's line.
        printf '%s\n' "$settings" | sed -n 's/^[Aa]ccept[Ee]nv //p' | while read -r patterns; do
            for pattern in $patterns; do
                for variable in BASH_ENV BASH_FUNC_x%% LD_PRELOAD SHELLOPTS; do
                    # shellcheck disable=SC2254 # it is a pattern
                    case $variable in $pattern) say obeyed "$pattern" ;; esac
                done
            done
        done
        others=$(printf '%s\n' "$settings" | grep -E '^[A-Za-z0-9]+ ' | grep -viE "^($known_words|$other_words) " || :)
        case $others in ?*) say sshd_other "$(printf '%s\n' "$others" | head -n 1)" ;; esac
    else
        say sshd_error "$(printf '%s\n' "$settings" | head -n 1)"
        unread=yes
    fi
done
# Where sshd does not say, its file is read: what stands before the first Match, which is not the whole truth.
config() {
    while IFS=' 	=' read -r key value || [ -n "$key" ]; do
        key=$(printf '%s' "$key" | tr '[:upper:]' '[:lower:]')
        case $key in
        match) say sshd_match "$value" && return ;;
        include)
            for pattern in $value; do
                case $pattern in /*) ;; *) pattern=/etc/ssh/$pattern ;; esac
                set +f
                for file in $pattern; do
                    set -f
                    if [ -f "$file" ]; then config "$file"; fi
                done
                set -f
            done
            ;;
        allow* | authenticationmethods | authorizedkeyscommand | authorizedkeysfile | chrootdirectory | deny* | \
            disableforwarding | listenaddress | maxsessions | maxstartups | permitopen | port | \
            pubkeyacceptedalgorithms | pubkeyacceptedkeytypes | pubkeyauthentication | refuseconnection | requiredrsasize | revokedkeys | \
            trustedusercakeys | usepam)
            say sshd_file "$key $value"
            ;;
        esac
    done <"$1"
}
if [ "$server" != dropbear ] && [ -z "$elsewhere" ] && { [ -n "$unread" ] || [ -z "$sshd" ]; } && [ -r "$config" ]; then
    config "$config"
fi
drop_ins=
if [ "$server" != dropbear ] && [ -n "$sshd" ]; then
    say sshd_config "$config"
    say sshd_version "$("$sshd" -V 2>&1 | sed -n '/OpenSSH_/{p;q;}')"
    patterns=
    if [ -r "$config" ]; then
        patterns=$(sed -n '/^[[:space:]]*[Mm][Aa][Tt][Cc][Hh][[:space:]]/q
            s/^[[:space:]]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee][[:space:]][[:space:]]*//p' "$config")
    fi
    # Of several Match blocks that fit the first one counts: a folder serves when a file of ours would come before all.
    startups_in=$config
    decided=
    folders=
    for pattern in $patterns; do
        case $pattern in *[\"\'\\]*) break ;; /*) ;; *) pattern=/etc/ssh/$pattern ;; esac
        folder=${pattern%/*}
        folders="$folders $folder"
        ours=
        if [ -z "$decided" ] && [ "$pattern" = "$folder/*.conf" ]; then ours=$folder/00-stitch-pg-; fi
        for file in $(set +f && printf '%s\n' $pattern $ours | LC_ALL=C sort); do
            if [ "$file" = "$ours" ]; then
                if [ -z "$decided" ]; then drop_ins=$folder && say sshd_drop_ins "$folder"; fi
                decided=yes
            elif [ -f "$file" ]; then
                startups_in="$startups_in $file"
                if grep -qiE '^[[:space:]]*(match|include)[[:space:]"=]' "$file"; then decided=yes; fi
            fi
        done
    done
    # What a login's name, program or request decides is not known before it.
    say sshd_match "$(sed -n 's/^[[:space:]]*\([Mm][Aa][Tt][Cc][Hh][[:space:]].*\)/\1/p' $startups_in 2>/dev/null |
        grep -iE '[[:space:]](host|rdomain|version|command|sessiontype)[[:space:]=]' | head -n 1 || :)"
    for file in $startups_in; do
        if grep -qiE '^[[:space:]]*maxstartups[[:space:]=]' "$file" 2>/dev/null; then say sshd_startups_in "$file"; fi
    done
fi
. sshd_reload
# The server wrote its number when it read its configuration: what is newer it does not know.
if [ -n "$listener" ] && [ "$(cat "$pid_file" 2>/dev/null)" = "$listener" ]; then
    say sshd_late "$(find $startups_in $folders -prune -newer "$pid_file" 2>/dev/null | head -n 1)"
fi
case $reload in :) say sshd_other 'the command line of a server that is started for each connection' ;; esac
if [ "$server" != dropbear ] && [ -n "$sshd" ]; then
    # A file of our own goes where nobody but root can write, when it is known how sshd is made to read it.
    if [ -n "$drop_ins" ] && [ -n "$reload" ] && only_roots "$drop_ins"; then say sshd_our_folder "$drop_ins"; fi
    if [ -n "$drop_ins" ] && [ -f "$drop_ins/$socket_file" ]; then say sshd_our_file "$drop_ins"; fi
    # The number may be another program's when the advice is followed; with its start it is the same process.
    if [ -z "$reload" ] && [ -n "$listener" ]; then
        born() { sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20; }
        reload="if [ \"\$(sed 's/.*) //' /proc/$listener/stat | cut -d ' ' -f 20)\" = $(born "$listener") ]; then kill -HUP $listener; else echo 'sshd was started anew: nothing was reloaded' >&2; fi"
    fi
    say sshd_reload "$reload"
fi
# A path of the configuration, with its tokens put in.
expanded() {
    start=
    rest=$1
    while :; do
        case $rest in *%*) ;; *) break ;; esac
        start=$start${rest%%\%*}
        rest=${rest#*%}
        case $rest in
        h*) start=$start$home ;;
        u*) start=$start$user ;;
        U*) start=$start$uid ;;
        *) start=$start% ;;
        esac
        rest=${rest#?}
    done
    rest=$start$rest
    case $rest in /*) ;; *) rest=$home/$rest ;; esac
    printf '%s\n' "$rest"
}
if [ -z "$home" ]; then home=/home/$user; fi # the user is not there yet
seen=" .ssh/authorized_keys none "
for word in $key_files; do
    case $seen in *" $word "*) continue ;; esac
    seen="$seen$word "
    file=$(expanded "$word")
    if [ "$file" = "$home/.ssh/authorized_keys" ]; then continue; fi
    text=$(text_of "$file")
    case $text in *"${body:-no key}"*) say key_file yes ;; *) say key_file no ;; esac
    node key_file_node "$file"
    above key_file_node "$file"
    while IFS= read -r line; do
        case $line in '' | .) ;; *) say key_file_line "$line" ;; esac
    done <<EOF
$text
EOF
done
for word in $roots; do
    case $seen in *" $word "*) continue ;; esac
    seen="$seen$word "
    folder=$(expanded "$word")
    node chroot_node "$folder"
    above chroot_node "$folder"
done
. inspect_pam
# A list of keys is a text, or a binary one that ssh-keygen alone reads. Without the file sshd refuses every key.
if [ "$revoked" != none ] && [ ! -r "$revoked" ] && [ "$(id -u)" = 0 ]; then say key_revoked yes; fi
if [ "$revoked" != none ] && [ -r "$revoked" ] && [ -n "$body" ]; then
    case $(head -c 6 "$revoked" | tr -d '\000') in
    SSHKRL) list=$(printf '%s\n' "$stitch_key" | ssh-keygen -Q -f "$revoked" /dev/stdin 2>/dev/null || :) ;;
    *) if grep -qF -e "$body" "$revoked"; then list=': REVOKED'; else list=': ok'; fi ;;
    esac
    case $list in *': REVOKED'*) say key_revoked yes ;; *': ok'*) say key_revoked no ;; esac
fi
nologin=$(printf '%s\n' "$pam" | sed -n 's/.*pam_nologin.*[[:space:]]file=\([^[:space:]]*\).*/\1/p')
for file in ${nologin:-/var/run/nologin /etc/nologin}; do
    if [ -e "$file" ]; then say nologin "$file"; fi
done
