# SPDX-License-Identifier: GPL-3.0-or-later
# Everything on a host that a firewall role could leave behind. Not what Docker outside of the test host changes at each of its starts,
# and not what the package nftables brings, which stays. `state.sh iptables` leaves out nft's own view, for a host that had no nft before.
{
    if [ "${1:-nft}" = nft ] && command -v nft > /dev/null; then
        nft --stateless list ruleset | sed '/^# Warning/d; s/counter packets [0-9]* bytes [0-9]*/counter/'
    fi
    for family in iptables ip6tables; do
        command -v $family-save > /dev/null && $family-save | sed '/^#/d; s/ \[[0-9:]*\]//'
    done
    cat /etc/ufw/user.rules /etc/ufw/user6.rules 2> /dev/null
    systemctl list-unit-files --no-legend --no-pager
    find /etc /usr/local -type f -exec sha256sum {} + | sort -k 2
    find /etc /usr/local -type d -o -type l | sort
} | grep -v -e '127\.0\.0\.11' -e '/etc/ld\.so\.cache' -e nftables.service -e /etc/nftables.conf -e /etc/resolv.conf
