#!/bin/busybox sh
# The first process of the machine: takes the files of the host read-only by 9p and runs the cases there.
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
for module in @MODULES@; do $b insmod "/modules/$module.ko" || echo "GPIO-VM-ERROR insmod $module"; done
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro host /host || echo "GPIO-VM-ERROR mount 9p"
$b mount -t tmpfs run /host/run
$b mount -t devtmpfs dev /host/dev
$b mount -t proc proc /host/proc
$b mount -t sysfs sys /host/sys
$b mount -t configfs config /host/sys/kernel/config
$b insmod /modules/gpio-simx.ko || echo "GPIO-VM-ERROR insmod gpio-simx"
# As the original module finds it on a Pi 4: the board's revision in cpuinfo.
printf 'Hardware\t: BCM2711\nRevision\t: c03111\nModel\t\t: Raspberry Pi 4 Model B Rev 1.1\n' > /host/run/cpuinfo
$b mount --bind /host/run/cpuinfo /host/proc/cpuinfo
$b chroot /host /usr/bin/env -i PATH=/usr/bin:/bin HOME=/run LG_WD=/run PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=@PYTHONPATH@ \
  /bin/sh -c 'cd /run && exec "$@"' sh @PYTHON@ -m tests.gpio_vm.guest @FOLDER@
$b poweroff -f
