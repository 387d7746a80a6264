log_folder libvirt root
