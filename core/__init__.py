"""The science and the record. No Qt, no globals.

The words of the domain, one line each. Left comes before right in every side axis (`SIDES`); on screen left
is red, right is blue. World axes: metres, z up; a recorded walk leads towards -y, x is to the person's left.
Flexion, dorsiflexion and adduction are positive; radians inside, degrees on screens. The fourteen leg joints
stand in the order of `JOINTS`, left leg first.

A visit
    patient, subject who is measured, by a pseudonymous code; `Subject` is the value, a patient its row
    visit, step     one session of a patient, and one of its ten pages from Patient to Report
    condition       with which exo a walk was recorded, or none; visits are compared by it
    trial           one walk that was recorded; not the exo's trial, see "on trial"
    record          an immutable result with its arrays, hash and what it was made from; never written over
    decision        what a person said: accepted, skipped, kept, signed ...; appended, never changed
    finding, advice something to know about a result; what happened, why and what next, by code
    job, task       long work in a process of its own, as a value; the module of core.tasks that does it

A walk
    landmarks       33 points of the body in each picture of a video; a track is one person's over the trial
    laboratory      a trial of one: markers, force plates and channels of a walk; stands in for the cameras
    motion          joint angles and strides solved from landmarks or markers
    kinetics        forces of the ground, moments and powers of the joints of a motion; measured where force
                    plates tell them, else estimated
    belt profile    force of a belt exo over the gait cycle, planned from the hip's moment; nothing is learned
    envelope        EMG as the course of a muscle's activity; MVC, maximal voluntary contraction, is 100 %
    gait cycle      a stride: from one heel strike to the next of the same foot; a step is half of it
    stance, swing   the foot is on the ground; it is not
    reference gait  one typical stride of the person, which the twin is asked to show

The twin
    twin            the person's body in simulation, with the policy by which it walks
    body            size, mass, strength and impairments; compiled into a MuJoCo model at a fidelity
    fidelity        FAST: joint torques; STANDARD: 80 muscles; FULL: 416; LUMPED: 26, to learn with
    coordination    the network that turns joint torques into muscle activations
    habits          mean activity of the person's own muscles over the gait cycle, from EMG
    calibration     of muscles: strength, activation and lengths that EMG and moments ask for; of cameras, too
    deficits        strength by muscle group and side, as all sources together tell it; proposes impairments
    impairment      weakness, stiffness, spasticity ... of one side or muscle group, severity 0 to 1
    scenario        a walk on given ground at a given speed, disturbed or not; screens say "situation"
    metabolic rate  what walking costs beyond standing, W/kg, by two models of the muscles; decides whether an
                    exo helps (core.domain.assistance); over the speed it is the cost per metre
    joint effort    mean of (joint torque / strength in its direction) squared; a detail: it knows no muscles

Learning
    walker          one member of a batch: a model, its body, and the reference it is asked for
    environment     a batch of walkers that step together, with observations, actions and rewards
    episode         from a start to a fall or to the end of its time
    observation     what a policy sees, as an array
    policy          the network from observation to action; with value network and scales: `PolicyNetworks`
    checkpoint      all of a training, as bytes on disk, to go on after an interruption
    state_dict      what changes in one part of it, by name; checkpoints are made of these

A study
    study           on a cohort of virtual patients (core.cohort); elsewhere what is known of a twin before
                    its training (core.learning.exo.study), or what a table shows (core.statistics.study)
    virtual patient body, stride and impairments drawn from a seed; a twin without a person
    cell            one virtual patient with one exo and one seed of training: a job and a record

The exo
    controller      network, torque law and limits that run on the exo; default (a law for anybody), generic
                    (learned on a crowd), personalized, or a stranger's (learned for another person)
    comparison      the same twin without exo, with it worn but giving no torque, and with controllers
    approver        who answers for a step near the body: name, role and what it means
    package         a controller for one patient and exo, signed by the site's key (`.exopkg`)
    slot            where an exo keeps one controller; A, B and the factory's
    on trial        transferred, not kept: half torque, taken back at the next start; `provisional` in code
    confirm, revert keep the controller after a supervised walk; go back to the one before
    row             S1 to S23 of the exo's safety table (core/exo_core/SAFETY.md)
    virtual exo     the exo's own C program around a simulated wearer; nobody wears it
"""
