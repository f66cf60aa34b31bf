# Runs a recipe in an overlay of its base, in a mount namespace of its own.
# Upper folder = layer, so nothing may be renamed or referred to by redirects.
mount -t overlay -o "lowerdir=$BASE,upperdir=$UPPER,workdir=$WORK,redirect_dir=off,metacopy=off,index=off" recipe "$MNT"
mount -t proc proc "$MNT/proc"
mount --rbind /dev "$MNT/dev"
mount -t tmpfs tmp "$MNT/tmp"
mount -t tmpfs run "$MNT/run"
mount --bind "$CACHE/lists" "$MNT/var/lib/apt/lists"
mount --bind "$CACHE/debs" "$MNT/var/cache/apt/archives"

# What the script needs and the image must not keep. A file that the base does
# not have leaves no trace in the layer when it is removed again.
resolv=$MNT/etc/resolv.conf
[ -e "$resolv" ] || added="$resolv"
[ -e "$resolv" ] || cp /etc/resolv.conf "$resolv"
policy=$MNT/usr/sbin/policy-rc.d
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"
proxy=$MNT/etc/apt/apt.conf.d/00builder
{ apt-config dump | grep -i '^Acquire::.*proxy' || true; echo 'Dpkg::Options "--force-unsafe-io";'; } >"$proxy"

ls "$CACHE"/lists/*_Packages* >/dev/null 2>&1 || chroot "$MNT" apt-get -qq update
chroot "$MNT" /bin/sh -eux <"$RECIPE/install"
[ ! -d "$RECIPE/files" ] || cp -R --no-preserve=mode,ownership "$RECIPE/files/." "$MNT/"

rm -f "$policy" "$proxy" ${added:-}
rm -f "$MNT"/var/log/dpkg.log "$MNT"/var/log/alternatives.log "$MNT"/var/log/apt/* "$MNT"/var/cache/apt/*.bin
